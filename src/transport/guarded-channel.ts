import type { ChildProcess } from "node:child_process";

/** What Node has inside a child process: the pipe of its messages. */
interface ChannelHandle {
  onread: (...given: unknown[]) => unknown;
}

/**
 * Keeps a child from ending this process by its channel. Node throws where nothing catches it when a
 * child writes to its descriptor what is no JSON, or sends by `process._send` what only Node sends.
 *
 * @param onFault called with each such error; the channel is of no use after it
 */
export function guardChannel(child: ChildProcess, onFault: (error: unknown) => void): void {
  const guarded = <Method extends (...given: never[]) => unknown>(method: Method) =>
    function (this: unknown, ...given: Parameters<Method>): unknown {
      try {
        return method.apply(this, given);
      } catch (error) {
        onFault(error);
        return undefined;
      }
    };
  const handle = handleOf(child);
  if (handle !== undefined) handle.onread = guarded(handle.onread);
  for (const listener of child.listeners("internalMessage")) {
    child.removeListener("internalMessage", listener as () => void);
    child.on("internalMessage", guarded(listener as () => void));
  }
}

function handleOf(child: ChildProcess): ChannelHandle | undefined {
  const names = Object.getOwnPropertySymbols(child);
  const name = names.find(({ description }) => description === "kChannelHandle");
  return name === undefined ? undefined : (child as never)[name];
}
