// Asks a server on a unix socket: once, or as often as it can answer.
import { execFile } from "node:child_process";
import net from "node:net";
import { promisify } from "node:util";

const END_REQUEST_RECORD = 16;

/** One request on a connection of its own. @returns the answer, which a kept connection outlives */
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

/** @returns `{ answers, seconds }` of the C client */
export async function runLoad(client, path, request, { kept, connections, seconds }) {
  const run = promisify(execFile)(client, [path, connections, seconds, kept ? "kept" : "each"]);
  run.child.stdin.end(request);
  const { stdout } = await run;
  const { failures, ...result } = JSON.parse(stdout);
  if (failures > 0) throw new Error(`${path}: ${failures} requests failed`);
  return result;
}
