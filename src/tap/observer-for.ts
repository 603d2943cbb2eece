import { Protocol } from "../address.js";
import { FastCgiObserver } from "./fastcgi-observer.js";
import type { Observer, OnRequestEnd } from "./observer.js";
import { OneRequestObserver } from "./one-request-observer.js";
import type { TappedProtocol } from "./tapped-request.js";

/**
 * The observer of a connection.
 *
 * @param connection the number of the connection
 */
export function observerFor(
  protocol: TappedProtocol,
  connection: number,
  onEnd: OnRequestEnd,
): Observer {
  switch (protocol) {
    case Protocol.FastCgi:
      return new FastCgiObserver(connection, onEnd);
    case Protocol.Scgi:
    case Protocol.Uwsgi:
      return new OneRequestObserver(protocol, connection, onEnd);
  }
}
