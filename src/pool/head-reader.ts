import type { Socket } from "node:net";
import { Protocol } from "../address.js";
import type { Variables } from "../cgi/variables.js";
import { HttpHeadReader } from "./http-head-reader.js";
import { MachineHeadReader } from "./machine-head-reader.js";
import type { WorkerServeOptions } from "./options.js";
import type { VariablesReader } from "./variables-reader.js";

/** Bytes that may come before the first request is known: nginx sends 2 KB of variables. */
const MAX_HEAD = 65_536;

/** The start of a connection: what has been read, and the first request's variables, if they are in it. */
export interface ConnectionStart {
  readonly bytes: string;
  readonly variables: Variables | undefined;
}

export type HeadReaderOptions = {
  protocol: Protocol;
  limits: WorkerServeOptions["limits"];
  /** Milliseconds that the head may take. */
  timeout: number;
};

/**
 * Reads a paused connection until its first request's variables are there, so that it can be
 * passed on with what has been read. Given up, and passed on without variables, are connections
 * that want an answer first (FastCGI's GET_VALUES), whose head is large, or no head at all.
 *
 * Needs a socket with a `highWaterMark` of 1: what is put back then fills it, and reading stops.
 *
 * @returns undefined when the client has gone, or is silent for too long: the socket is closed
 */
export function readHead(
  socket: Socket,
  options: HeadReaderOptions,
): Promise<ConnectionStart | undefined> {
  const { protocol, limits } = options;
  const chunks: Buffer[] = [];
  let length = 0;
  const reader: VariablesReader =
    protocol === Protocol.Http
      ? new HttpHeadReader(socket)
      : new MachineHeadReader(protocol, limits);
  return new Promise((resolve) => {
    const settle = (start: ConnectionStart | undefined): void => {
      clearTimeout(timer);
      socket.off("data", take).off("end", gone).off("error", gone).off("close", gone);
      if (start === undefined) socket.destroy();
      resolve(start);
    };
    const gone = (): void => settle(undefined);
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      length += chunk.length;
      reader.push(chunk);
      if (!reader.done && length <= MAX_HEAD) return;
      socket.pause();
      const bytes = Buffer.concat(chunks);
      socket.unshift(bytes);
      settle({ bytes: bytes.toString("latin1"), variables: reader.variables });
    };
    const timer = options.timeout > 0 ? setTimeout(gone, options.timeout) : undefined;
    socket.on("data", take).on("end", gone).on("error", gone).on("close", gone);
    socket.resume();
  });
}
