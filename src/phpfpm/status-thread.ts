/** What a thread of a fleet runs: it reads status pages, and passes them on as bytes. */
import { parentPort } from "node:worker_threads";
import { ErrorCode, GatewayError } from "../errors.js";
import { fetchStatusPage } from "./status.js";
import type { PlainError, ThreadAnswer, ThreadRequest, ThreadTarget } from "./status-threads.js";

const abort = new AbortController();
const { signal } = abort;
let read: (readonly [id: number, page: Uint8Array])[] = [];
let errors: ThreadAnswer["errors"] = [];
let isAnswering = false;

parentPort?.on("message", (request: ThreadRequest) => {
  if (request === "abort") return abort.abort();
  for (const target of request.targets) start(target, request.full);
});

function start([id, target, timeout]: ThreadTarget, full: boolean): void {
  fetchStatusPage(target, { timeout, full, retries: 0, signal }).then(
    (page) => {
      read.push([id, page]);
      answerSoon();
    },
    (error: unknown) => {
      errors.push([id, plainError(error)]);
      answerSoon();
    },
  );
}

/** Answers with all that this turn of the event loop has brought. */
function answerSoon(): void {
  if (isAnswering) return;
  isAnswering = true;
  setImmediate(answer);
}

function answer(): void {
  let length = 0;
  const pages = read.map(([id, page]) => {
    length += page.length;
    return [id, length] as const;
  });
  const bytes = new Uint8Array(length);
  for (const [index, [, page]] of read.entries()) bytes.set(page, pages[index]![1] - page.length);
  const message: ThreadAnswer = { bytes, pages, errors };
  isAnswering = false;
  read = [];
  errors = [];
  parentPort?.postMessage(message, [bytes.buffer]);
}

function plainError(error: unknown): PlainError {
  if (!(error instanceof GatewayError)) {
    return { code: ErrorCode.BadInput, message: `the probe failed: ${String(error)}` };
  }
  const { code, message, hint, offset, stderr, address } = error;
  return { code, message, hint, offset, stderr, address };
}
