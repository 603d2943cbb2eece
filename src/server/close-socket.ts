import type { Socket } from "node:net";
import { noBytes } from "../bytes.js";
import type { Ending } from "../cgi/server-machine.js";
import { LINGER } from "./peer.js";

/**
 * Milliseconds between a response's last bytes and a reset. A program that uses libuv and receives
 * both at once sees an ordinary end.
 */
const RESET_DELAY = 50;

/**
 * Closes a socket after what was written to it. It waits for a peer that does not read until the
 * socket's `timeout` event, whose listener should destroy the socket.
 *
 * @param ending how to close, see {@link Ending}
 * @param timeout milliseconds without the peer reading anything; 0 waits forever
 * @param last bytes to write before
 */
export function closeSocket(
  socket: Socket,
  ending: Ending,
  timeout: number,
  last?: Uint8Array,
): void {
  // The system has all of it. Waiting for the peer to close first costs 15 µs of a small request.
  if (ending === "finished" && last === undefined && socket.writableLength === 0) {
    socket.destroy();
    return;
  }
  socket.setTimeout(timeout);
  if (ending === "reset") resetSocket(socket);
  else endSocket(socket, ending === "lingering", last);
}

function endSocket(socket: Socket, lingers: boolean, last: Uint8Array | undefined): void {
  const ended = (): void => {
    socket.setTimeout(0);
    if (lingers && !socket.readableEnded) afterDelay(socket, LINGER, () => socket.destroy());
    else socket.destroy();
  };
  if (last === undefined) socket.end(ended);
  else socket.end(last, ended);
  socket.resume();
}

/**
 * A unix socket has no reset: there only its Content-Length shows the client that a response is not
 * complete.
 */
function resetSocket(socket: Socket): void {
  const isTcp = socket.remoteFamily !== undefined;
  socket.write(noBytes, () => {
    if (isTcp) afterDelay(socket, RESET_DELAY, () => socket.resetAndDestroy());
    else socket.destroy();
  });
}

/** Acts after a delay, unless the socket has closed before. */
function afterDelay(socket: Socket, milliseconds: number, act: () => void): void {
  if (socket.destroyed) return;
  const timer = setTimeout(act, milliseconds);
  socket.once("close", () => clearTimeout(timer));
}
