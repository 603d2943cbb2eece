import type { Socket } from "node:net";
import { Protocol } from "../address.js";
import { ignoringReceiver, type ServerMachine } from "../cgi/server-machine.js";
import { Variables } from "../cgi/variables.js";
import { variablesFromHttp } from "../cgi/variables-from-http.js";
import { defaultEngine } from "../engine/select.js";
import { serverMachineOf } from "../server/server-machines.js";
import type { WorkerServeOptions } from "./options.js";

/** The most bytes to read for the first request's variables, of which nginx sends 2 KB. */
const MAX_HEAD = 65_536;

/** The start of a connection: the bytes read, in Latin-1, and the variables of the first request. */
export interface ConnectionStart {
  readonly bytes: string;
  readonly variables: Variables | undefined;
}

export type HeadReaderOptions = {
  protocol: Protocol;
  limits: WorkerServeOptions["limits"];
  /** Milliseconds that the head may take. 0 waits forever. */
  timeout: number;
};

/**
 * Reads a paused connection until the variables of its first request are complete, so that it can be
 * passed on with the bytes read. There are no variables if the connection begins with a message that
 * needs an answer (FastCGI's GET_VALUES), or its head is too large or malformed.
 *
 * The socket needs a `highWaterMark` of 1: the bytes that are put back then fill it, and reading
 * stops.
 *
 * @returns undefined if the client has left or exceeds the timeout; the socket is then closed
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
      socket.off("data", take).off("end", fail).off("error", fail).off("close", fail);
      if (start === undefined) socket.destroy();
      resolve(start);
    };
    const fail = (): void => settle(undefined);
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
    const timer = options.timeout > 0 ? setTimeout(fail, options.timeout) : undefined;
    socket.on("data", take).on("end", fail).on("error", fail).on("close", fail);
    socket.resume();
  });
}

/** Reads the variables of a connection's first request by its protocol's machine. */
export class MachineHeadReader implements VariablesReader {
  readonly #machine: ServerMachine;
  #variables: Variables | undefined;
  #done = false;

  constructor(protocol: Protocol, limits: WorkerServeOptions["limits"]) {
    const stop = (): void => {
      this.#done = true;
    };
    this.#machine = serverMachineOf(protocol)(
      {
        request: (request) => {
          // Not after a message that needs an answer, even if both arrive in one chunk.
          if (!this.#done) this.#variables = request.variables;
          stop();
          return ignoringReceiver;
        },
        send: stop,
        close: stop,
      },
      { limits },
      defaultEngine(),
    );
  }

  get done(): boolean {
    return this.#done;
  }

  get variables(): Variables | undefined {
    return this.#variables;
  }

  push(chunk: Uint8Array): void {
    try {
      // A copy, as the worker gets these bytes, too.
      this.#machine.take(new Uint8Array(chunk));
    } catch {
      // A worker will find the same fault and answer it.
      this.#done = true;
    }
  }
}

/**
 * Reads the head of a connection's first HTTP request as far as a session needs it. The worker's
 * parser reads it again and validates it.
 */
export class HttpHeadReader implements VariablesReader {
  readonly #socket: Socket;
  #text = "";
  #variables: Variables | undefined;
  #done = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get done(): boolean {
    return this.#done;
  }

  get variables(): Variables | undefined {
    return this.#variables;
  }

  push(chunk: Buffer): void {
    // The blank line may begin in the previous chunk. Empty lines may precede the head.
    const looked = Math.max(0, this.#text.length - 3);
    this.#text = (this.#text + chunk.toString("latin1")).replace(/^[\r\n]+/, "");
    const end = this.#text.indexOf("\r\n\r\n", looked);
    if (end < 0) return;
    this.#done = true;
    this.#variables = variablesOf(this.#text.slice(0, end), this.#socket);
  }
}

function variablesOf(head: string, { remoteAddress }: Socket): Variables | undefined {
  const [first = "", ...lines] = head.split("\r\n");
  const match = /^(\S+) (\S+) HTTP\/(\d\.\d)$/.exec(first);
  if (match === null) return undefined;
  const [, method = "", target = "", version = ""] = match;
  const fields = lines.flatMap((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  try {
    return new Variables(variablesFromHttp({ method, target, version, fields }, { remoteAddress }));
  } catch {
    return undefined;
  }
}

/** Reads the variables of a connection's first request. */
export interface VariablesReader {
  /** Whether it needs no more bytes. */
  readonly done: boolean;
  /** Undefined until they are complete, and for a connection that begins otherwise. */
  readonly variables: Variables | undefined;
  push(chunk: Buffer): void;
}
