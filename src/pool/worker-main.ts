import type { Socket } from "node:net";
import { installLazyFetch } from "../server/lazy-fetch/install.js";
import { become } from "./identity.js";
import { loadApplication, loadError } from "./load-application.js";
import type { MasterMessage, WorkerMessage, WorkerSettings } from "./messages.js";
import { SCOREBOARD_DESCRIPTOR, wrapMessage } from "./messages.js";
import { PoolScoreboard } from "./scoreboard/scoreboard.js";
import { startWatch } from "./slow-log.js";
import { PoolWorker } from "./worker.js";

// The program of a worker process. It ignores signals, which only the master acts on: a terminal or
// an operator may send them to the whole process group.
for (const signal of ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2"] as const) {
  process.on(signal, () => {});
}

// A worker goes on if its output cannot be written, for example because the disk is full.
for (const output of [process.stdout, process.stderr]) output.on("error", () => {});

let worker: PoolWorker | undefined;
let settings: WorkerSettings | undefined;

/** The channel is the pool's. Messages that the application sends to its parent are discarded. */
const send = process.send?.bind(process);
process.send = (_message: unknown, ...given: unknown[]) => {
  const callback = given.at(-1);
  if (typeof callback === "function") process.nextTick(callback as () => void, null);
  return true;
};

function sendToMaster(message: WorkerMessage): void {
  if (settings === undefined || !process.connected) return;
  send?.(wrapMessage(settings.key, message), undefined, undefined, () => {});
}

async function start(given: WorkerSettings): Promise<void> {
  settings = given;
  process.title = `fcgi-probe: pool ${given.name}`;
  try {
    const board = new PoolScoreboard(SCOREBOARD_DESCRIPTOR);
    if (given.identity !== undefined) become(given.identity);
    // Before the application is loaded, so that it saves no other `fetch` and `Request`.
    if (given.lazyFetch) installLazyFetch();
    const application = await loadApplication(given.application);
    worker = new PoolWorker(application, given, board, sendToMaster);
    await worker.start();
    startWatch(given, (text) => sendToMaster({ kind: "slow", text }));
    sendToMaster({ kind: "ready" });
  } catch (error) {
    const { message, hint } = loadError(error, given.application);
    sendToMaster({ kind: "failed", reason: message, hint });
    process.exitCode = 1;
    process.disconnect();
  }
}

async function end(): Promise<void> {
  await worker?.end(settings?.drainTimeout ?? 0);
  // The application may have timers or connections open that would keep the process alive.
  process.exit();
}

process.on("message", (message: MasterMessage, socket: Socket | undefined) => {
  if (message.kind === "start") void start(message.settings);
  else if (message.kind === "stop") void end();
  else worker?.receive(message, socket);
});
// The master has exited or was killed.
process.on("disconnect", () => void end());
