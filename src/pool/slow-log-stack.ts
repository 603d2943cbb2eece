import { type Debugger, Session } from "node:inspector";

/**
 * Milliseconds that the main thread has to reach its next statement. On a busy machine a thread that
 * computes is not scheduled for a tenth of a second, and the debugger takes its time to begin.
 */
const PATIENCE = 500;

/**
 * The JavaScript stack of the main thread, asked for from another thread.
 *
 * @returns a line for each frame, the innermost first; undefined when no JavaScript runs: the event
 * loop waits
 */
export function captureStack(): Promise<string[] | undefined> {
  return new Promise((resolve) => {
    const session = new Session();
    const urls = new Map<string, string>();
    const finish = (frames: readonly Debugger.CallFrame[] | undefined): void => {
      clearTimeout(timer);
      if (frames !== undefined) session.post("Debugger.resume");
      // Also takes back a pause that has not come.
      session.post("Debugger.disable");
      session.disconnect();
      resolve(frames?.map((frame) => lineOf(frame, urls)));
    };
    const timer = setTimeout(() => finish(undefined), PATIENCE);
    session.connectToMainThread();
    session.on("Debugger.scriptParsed", ({ params }) => urls.set(params.scriptId, params.url));
    session.once("Debugger.paused", ({ params }) => finish(params.callFrames));
    session.post("Debugger.enable");
    session.post("Debugger.pause");
  });
}

function lineOf(frame: Debugger.CallFrame, urls: ReadonlyMap<string, string>): string {
  const { scriptId, lineNumber, columnNumber = 0 } = frame.location;
  const place = urls.get(scriptId) || frame.url || "(no file)";
  return `${frame.functionName || "(anonymous)"}() ${place}:${lineNumber + 1}:${columnNumber + 1}`;
}
