import net from "node:net";
import { type Address, Protocol, withoutBrackets } from "../address.js";
import { encodeBeginRequest, encodeParams, endOfStream } from "../fastcgi/encode.js";
import { RECORD_HEADER_LENGTH, RecordType, Role } from "../fastcgi/protocol.js";
import { entriesOf, poolFields } from "../status-page/fields.js";
import type { PoolStatus } from "../status-page/pool-status.js";
import { pageVariables } from "./page-variables.js";

const REQUEST_ID = 1;
/** The short page has 500 bytes. */
const MAX_LENGTH = 16_384;

/** What became of a quick request: no answer in time, a part of one, or something that needs a closer look. */
export type QuickFailure = "not connected" | "no answer" | "a part" | "unclear";

/**
 * Reads the short status page with as little code as it takes, for a process that does nothing else:
 * the client of all protocols costs it 40 ms of CPU, most of them to start. What is not a plain answer
 * is `unclear`, and for that client.
 *
 * @param path the path of the page
 * @param timeout milliseconds
 */
export function quickStatus(
  { endpoint, protocol }: Address,
  path: string,
  timeout: number,
): Promise<PoolStatus | QuickFailure> {
  if (protocol !== Protocol.FastCgi || "program" in endpoint) return Promise.resolve("unclear");
  const isUnix = "socketPath" in endpoint;
  const name = isUnix ? endpoint.socketPath : withoutBrackets(endpoint.host);
  if (/[\0%]/.test(name)) return Promise.resolve("unclear");
  return new Promise((resolve) => {
    const socket = net.connect(isUnix ? { path: name } : { host: name, port: endpoint.port });
    const chunks: Buffer[] = [];
    let length = 0;
    let isConnected = false;
    const end = (result: PoolStatus | QuickFailure): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => {
      end(length > 0 ? "a part" : isConnected ? "no answer" : "not connected");
    }, timeout);
    socket.once("connect", () => {
      isConnected = true;
      socket.write(requestFor(path));
    });
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > MAX_LENGTH) end("unclear");
    });
    socket.once("end", () => end(statusOf(Buffer.concat(chunks)) ?? "unclear"));
    socket.on("error", () => end("unclear"));
  });
}

function requestFor(path: string): Buffer {
  return Buffer.concat([
    encodeBeginRequest(REQUEST_ID, Role.Responder),
    encodeParams(REQUEST_ID, pageVariables({ path, query: "" }), MAX_LENGTH),
    endOfStream(RecordType.Stdin, REQUEST_ID),
  ]);
}

/** The status in an answer that is a success; `undefined` for any other. */
function statusOf(answer: Buffer): PoolStatus | undefined {
  const output = standardOutput(answer);
  const [head = "", body = ""] = output?.split("\r\n\r\n", 2) ?? [];
  if (/^status:/im.test(head) || !body.startsWith("pool:")) return undefined;
  const lines = new Map(
    body.split("\n").map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
  const status: Record<string, string | number> = {};
  for (const [name, { key, type }] of entriesOf(poolFields)) {
    const text = lines.get(key);
    if (name === "pool" && text !== undefined) status[name] = text;
    if (type !== "count" || text === undefined) continue;
    if (!/^\d{1,15}$/.test(text)) return undefined;
    status[name] = Number(text);
  }
  return status as unknown as PoolStatus;
}

/** The contents of the STDOUT records (FastCGI 1.0 §3.3); `undefined` if there are others. */
function standardOutput(answer: Buffer): string | undefined {
  const contents: Buffer[] = [];
  let at = 0;
  while (at + RECORD_HEADER_LENGTH <= answer.length) {
    const start = at + RECORD_HEADER_LENGTH;
    const end = start + answer.readUInt16BE(at + 4);
    const type = answer[at + 1];
    if (type === RecordType.EndRequest) return Buffer.concat(contents).toString();
    if (type !== RecordType.Stdout) return undefined;
    contents.push(answer.subarray(start, end));
    at = end + (answer[at + 6] as number);
  }
  return undefined;
}
