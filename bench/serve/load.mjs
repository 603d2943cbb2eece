// Sends requests to a server on a unix socket: one, as many as it can answer, or a long one.
import { execFile } from "node:child_process";
import net from "node:net";
import { promisify } from "node:util";

const END_REQUEST_RECORD = 16;

/** Sends one request on a new connection. @returns the answer; the connection may stay open */
export function exchange(path, request, kept) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ path });
    let answer = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      if (kept && endsRequest(answer)) socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
    socket.write(request);
  });
}

/** Whether a short answer's last record is END_REQUEST. */
function endsRequest(answer) {
  return answer.length > END_REQUEST_RECORD && answer.at(1 - END_REQUEST_RECORD) === 3;
}

/** @returns the number of requests that were answered to a C client, as `{ amount, seconds }` */
export async function runLoad(client, path, request, { kept, connections, seconds }) {
  const args = [path, connections, seconds, kept ? "kept" : "each"];
  const { failures, answers, seconds: taken } = await run(client, args, request);
  if (failures > 0) throw new Error(`${path}: ${failures} requests failed`);
  return { amount: answers, seconds: taken };
}

/** @returns `{ received, seconds }` of the C client */
export function runTransfer(client, path, { head, chunk, times, end, closes }) {
  const args = [path, head.length, chunk.length, times, closes ? "close" : "keep"];
  return run(client, args, Buffer.concat([head, chunk, end]));
}

async function run(program, args, input) {
  const running = promisify(execFile)(program, args.map(String));
  running.child.stdin.end(input);
  return JSON.parse((await running).stdout);
}
