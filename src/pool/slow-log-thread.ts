import { appendFileSync, writeSync } from "node:fs";
import { type Debugger, Session } from "node:inspector";
import { parentPort, workerData } from "node:worker_threads";
import { withoutControls } from "../status-page/field-values.js";
import { SCOREBOARD_DESCRIPTOR } from "./messages.js";
import { logTime } from "./pool-log.js";
import { preciseNow, recordAt, SlotState, Word } from "./scoreboard/layout.js";
import { PoolScoreboard, type SlotNumbers } from "./scoreboard/scoreboard.js";
import type { WatchSettings } from "./slow-log.js";

const settings = workerData as WatchSettings;
const { requestSlowlogTimeout: slow, requestTerminateTimeout: terminate } = settings;
const board = new PoolScoreboard(SCOREBOARD_DESCRIPTOR);
/** The number of the last request of each slot that was written to the slow log. */
const reported = new Map<number, number>();
const counts = new Map<number, number>();
let isBusy = false;

async function look(): Promise<void> {
  if (isBusy) return;
  isBusy = true;
  try {
    const { slot, concurrency } = settings;
    for (const numbers of board.readSlots(slot, slot + concurrency)) {
      if (numbers.state !== SlotState.Running) continue;
      const elapsed = preciseNow() - numbers.began;
      // The master does that. If it has died and the event loop is blocked, only this thread can.
      if (terminate > 0 && elapsed > terminate && process.ppid !== settings.parent) {
        process.kill(process.pid, "SIGKILL");
      }
      const isNew = reported.get(numbers.slot) !== numbers.requests;
      if (slow > 0 && elapsed >= slow && isNew) await report(numbers);
    }
  } finally {
    isBusy = false;
  }
}

async function report(numbers: SlotNumbers): Promise<void> {
  reported.set(numbers.slot, numbers.requests);
  const stack = await captureStack();
  const elapsed = preciseNow() - numbers.began;
  const texts = board.readTexts(numbers.slot, numbers.requests);
  const lines = [
    `[${logTime()}]  [pool ${settings.name}] pid ${process.pid}`,
    `script_filename = ${withoutControls(texts.script)}`,
    `request = ${withoutControls(texts.requestMethod)} ${withoutControls(texts.requestUri)}`,
    `running for ${(elapsed / 1_000).toFixed(3)} seconds`,
    ...(stack ?? ["no JavaScript runs: the handler waits"]),
  ];
  write(lines.join("\n"));
  const count = (counts.get(numbers.slot) ?? 0) + 1;
  counts.set(numbers.slot, count);
  const place = recordAt(numbers.slot) + Word.Slow * 4;
  writeSync(board.descriptor, Uint32Array.of(count), 0, 4, place);
}

/**
 * Opens the file for each entry, so that log rotation needs no signal. An entry that cannot be
 * written there goes to the pool's log.
 */
function write(text: string): void {
  if (settings.slowlog === undefined) {
    parentPort?.postMessage(text);
    return;
  }
  try {
    appendFileSync(settings.slowlog, `\n${text}\n`);
  } catch (error) {
    parentPort?.postMessage(`${text}\n(not in the slow log: ${(error as Error).message})`);
  }
}

const [shortest = 1_000] = [slow, terminate].filter((time) => time > 0).sort((a, b) => a - b);
setInterval(() => void look(), Math.min(250, Math.max(5, shortest / 8)));

/**
 * Milliseconds that the main thread has to reach its next statement. On a busy machine a computing
 * thread may not be scheduled for 100 ms, and the debugger needs time to start.
 */
const PAUSE_TIMEOUT = 500;

/**
 * Returns the JavaScript stack of the main thread. Call it from another thread.
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
      // This also cancels a pause that has not taken effect.
      session.post("Debugger.disable");
      session.disconnect();
      resolve(frames?.map((frame) => lineOf(frame, urls)));
    };
    const timer = setTimeout(() => finish(undefined), PAUSE_TIMEOUT);
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
