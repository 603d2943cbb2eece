import { ErrorCode, GatewayError } from "../../errors.js";
import { type PoolOptions, settle } from "../../pool/options.js";
import { withMessage } from "../name-options.js";

/** What options of a pool are called on the command line. */
const flags: ReadonlyMap<string, string> = new Map([
  ["maxChildren", "--workers"],
  ["concurrency", "--concurrency"],
  ["startServers", "--start-servers"],
  ["minSpareServers", "--min-spare"],
  ["maxSpareServers", "--max-spare"],
  ["maxRequests", "--max-requests"],
  ["queueLimit", "--queue-limit"],
  ["affinity", "--affinity"],
  ["statusPath", "--status-path"],
  ["pingPath", "--ping-path"],
  ["socketMode", "--socket-mode"],
  ["mode", "--mode"],
  ["pm", "--pm"],
]);

/** @throws GatewayError `bad_input`, which names options as they are typed */
export function checkPoolOptions(options: PoolOptions): void {
  try {
    settle(options);
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== ErrorCode.BadInput) throw error;
    // What is between quotes is a value, and what has an article a word.
    const words = /"[^"]*"|(?<!\bthe )\b[a-z]+(?:[A-Z][a-z]+)*/g;
    const typed = (text: string) => text.replace(words, (word) => flags.get(word) ?? word);
    throw withMessage(error, typed(error.message), typed(error.hint));
  }
}
