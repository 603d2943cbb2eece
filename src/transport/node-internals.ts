/**
 * Everything that depends on undocumented parts of Node, or on how V8 works. The tests of this file
 * run under each supported version of Node.
 */
import type { ChildProcess } from "node:child_process";
import type { Server as HttpServer } from "node:http";
import { Module } from "node:module";
import net from "node:net";

/** The major version of Node; NaN in other runtimes. */
export const nodeMajor = Number(process.versions.node?.split(".")[0]);

// Listening without accepting

/**
 * The libuv socket inside a `net.Server`. Its methods return 0, or the number of a system error,
 * which is negative.
 */
export interface ListeningHandle {
  readonly fd: number;
  open(descriptor: number): number;
  listen(backlog: number): number;
  readStart(): number;
  readStop(): number;
  getsockname?(name: { address?: string; family?: string; port?: number }): number;
  close(): void;
}

type CreateHandle = (
  address: string | null,
  port: number,
  family: 4 | 6 | -1,
  descriptor?: number,
) => ListeningHandle | number;

/**
 * Creates a bound socket that does not listen yet.
 *
 * @param args an IP address, its port and its family; a path, -1 and -1; or for a descriptor null, 0,
 * -1 and the descriptor
 * @returns the socket, or the number of a system error; undefined where Node has no such function
 */
export function createHandle(
  ...args: Parameters<CreateHandle>
): ReturnType<CreateHandle> | undefined {
  const { _createServerHandle: create } = net as unknown as { _createServerHandle?: CreateHandle };
  return create?.(...args);
}

/** The handle of a server that listens. */
export function handleOf(server: net.Server): ListeningHandle | undefined {
  return (server as unknown as { _handle?: ListeningHandle | null })._handle ?? undefined;
}

/**
 * Makes a socket listen without accepting: connections wait in the kernel. libuv starts to accept in
 * the next turn of the event loop, unless reading is stopped before. It stops only a socket that was
 * opened for reading, which a bound one is not: hence `open`.
 *
 * @returns 0, or the number of a system error
 */
export function listenOnly(handle: ListeningHandle, backlog: number): number {
  return handle.open(handle.fd) || handle.listen(backlog) || pauseAccepting(handle);
}

/** Stops accepting, while the socket continues to listen. Undone by {@link resumeAccepting}. */
export function pauseAccepting(handle: ListeningHandle): number {
  // libuv stops only what reads. The result is ignored, because the handle may already read.
  handle.readStart();
  return handle.readStop();
}

/** Accepts connections until {@link pauseAccepting}. */
export function resumeAccepting(handle: ListeningHandle): number {
  return handle.readStart();
}

// Accepted sockets of another class

/** The libuv socket of an accepted connection. */
export interface AcceptedHandle {
  setNoDelay?(enable: boolean): number;
  close(): void;
}

/**
 * Passes the accepted connections of a server on as libuv sockets, to be the `handle` of a
 * `net.Socket` with options that `net.Server` does not have. The server emits no `connection`.
 *
 * @param onError receives the number of a system error, which is negative
 */
export function acceptHandles(
  server: net.Server,
  onHandle: (handle: AcceptedHandle) => void,
  onError: (error: number) => void,
): void {
  const handle = handleOf(server) as unknown as {
    onconnection(error: number, accepted: AcceptedHandle | undefined): void;
  };
  handle.onconnection = (error, accepted) => {
    if (error !== 0 || accepted === undefined) onError(error);
    else onHandle(accepted);
  };
}

// Terminals

/**
 * Lets writes to a terminal return at once. Node makes them wait until the terminal takes the bytes,
 * and after Ctrl-S it takes none until Ctrl-Q.
 */
export function writeWithoutWaiting(terminal: object): void {
  const { _handle } = terminal as { _handle?: { setBlocking?(isBlocking: boolean): number } };
  _handle?.setBlocking?.(false);
}

// HTTP

/**
 * Keeps the connections of an HTTP server open for writing after the client has ended its side, as
 * `allowHalfOpen` does for a `net.Server`.
 */
export function allowHalfOpenHttp(server: HttpServer): void {
  Object.assign(server, { httpAllowHalfOpen: true });
}

// The messages of child processes

/** The pipe inside a child process that carries its messages. */
interface MessageHandle {
  onread: (...given: unknown[]) => unknown;
}

/**
 * Keeps a child from ending this process by a malformed message. Node throws an error that nothing
 * can catch when a child writes anything but JSON to the descriptor of its messages, or calls
 * `process._send` with a message that only Node itself sends.
 *
 * @param onFault receives each such error; after one, no further messages can be read
 */
export function guardMessages(child: ChildProcess, onFault: (error: unknown) => void): void {
  const guarded = <Method extends (...given: never[]) => unknown>(method: Method) =>
    function (this: unknown, ...given: Parameters<Method>): unknown {
      try {
        return method.apply(this, given);
      } catch (error) {
        onFault(error);
        return undefined;
      }
    };
  const handle = messageHandleOf(child);
  if (handle !== undefined) handle.onread = guarded(handle.onread);
  for (const listener of child.listeners("internalMessage")) {
    child.removeListener("internalMessage", listener as () => void);
    child.on("internalMessage", guarded(listener as () => void));
  }
}

function messageHandleOf(child: ChildProcess): MessageHandle | undefined {
  const symbols = Object.getOwnPropertySymbols(child);
  const symbol = symbols.find(({ description }) => description === "kChannelHandle");
  return symbol === undefined ? undefined : (child as never)[symbol];
}

// The hidden class of a socket's options, in Node 20. Delete this with the support of Node 20.

/**
 * Node 20 copies the options of every socket. V8 11 has a fast way to copy options of the few shapes
 * that it has seen, which gives each copy a hidden class of its own; the forty places in Node that
 * read the options then look up each field anew. That takes 9 µs of every connection, a quarter of
 * what Node needs for one. Once V8 has seen more shapes than it keeps, it copies field by field, and
 * all copies share one class. Node 22 and later do not need this.
 */
const shapes: net.SocketConstructorOpts[] = [
  { allowHalfOpen: false },
  { readable: false },
  { writable: false },
  { allowHalfOpen: false, readable: false },
  { allowHalfOpen: false, writable: false },
  { readable: false, writable: false },
];
/** V8 collects no feedback about a function in its first few runs. */
const TIMES = 8;

let isShapeShared = !(nodeMajor < 22);

/** Makes all further sockets of this process cheaper. The first call takes a millisecond. */
export function shareSocketShape(): void {
  if (isShapeShared) return;
  isShapeShared = true;
  for (let time = 0; time < TIMES; time++) {
    for (const options of shapes) new net.Socket(options);
  }
}

// Modules that are not files

/**
 * Runs the text of a CommonJS module, as `require` does with a file, and returns its exports. Its
 * `import()` loads files also in a single executable, whose own does not. `vm` can do the same since
 * Node 20.12, with a warning on standard error.
 *
 * @param path where the module would be
 */
export function compileModule(text: string, path: string): unknown {
  const module = new Module(path) as Module & { _compile(text: string, path: string): void };
  module._compile(text, path);
  return module.exports;
}
