import { type ClientProtocol, Protocol } from "../address.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { FastCgiObserver } from "./fastcgi-observer.js";
import type { Observer, OnRequestEnd } from "./observer.js";
import { OneRequestObserver } from "./one-request-observer.js";

/**
 * The observer of a connection.
 *
 * @param connection the number of the connection
 */
export function observerFor(
  protocol: ClientProtocol,
  connection: number,
  onEnd: OnRequestEnd,
): Observer {
  switch (protocol) {
    case Protocol.FastCgi:
      return new FastCgiObserver(connection, onEnd);
    case Protocol.Scgi:
    case Protocol.Uwsgi:
      return new OneRequestObserver(protocol, connection, onEnd);
    case Protocol.Cgi:
      throw new GatewayError(ErrorCode.BadAddress, "a CGI program has no socket to tap");
  }
}
