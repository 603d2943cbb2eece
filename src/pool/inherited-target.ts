import { ErrorCode, GatewayError } from "../errors.js";
import { inheritedListener } from "../transport/listen-address.js";
import { isListening } from "../transport/proc-net.js";

/**
 * The listening socket that this process was started with, under systemd, spawn-fcgi, mod_fcgid or
 * lighttpd. Undefined when there is none.
 *
 * @throws GatewayError `bad_input` when there are several
 */
export function inheritedTarget(): { fd: number } | undefined {
  if (Number(process.env["LISTEN_FDS"] ?? 0) > 1) {
    throw new GatewayError(ErrorCode.BadInput, "systemd passed several sockets (LISTEN_FDS)", {
      hint: "one ListenStream= for each service",
    });
  }
  const listener = inheritedListener();
  return listener !== undefined && isListening(listener.fd) ? listener : undefined;
}
