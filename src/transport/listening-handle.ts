import net from "node:net";

/**
 * What Node has inside its servers: a socket of libuv's. Its methods return 0, or a system error's
 * number, which is negative.
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

/** Creates a bound socket that does not listen yet; undefined where this Node has no such function. */
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
 * Lets a socket listen without accepting: connections wait in the kernel. libuv accepts what it
 * polls, from the next turn of the event loop on, and stops polling what is told to stop reading.
 * It takes that order from a socket that was opened for reading, which one that was bound is not.
 *
 * @returns 0, or a system error's number
 */
export function listenOnly(handle: ListeningHandle, backlog: number): number {
  return handle.open(handle.fd) || handle.listen(backlog) || pauseAccepting(handle);
}

/** Stops accepting; the socket goes on listening. It is for one that {@link resumeAccepting} knows. */
export function pauseAccepting(handle: ListeningHandle): number {
  // Only what reads can stop. That it reads already is no error.
  handle.readStart();
  return handle.readStop();
}

/** Accepts, until it is paused again. */
export function resumeAccepting(handle: ListeningHandle): number {
  return handle.readStart();
}
