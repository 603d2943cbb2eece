import { targetsOfGroups } from "../../../discovery/target-groups.js";
import { ErrorCode, GatewayError } from "../../../errors.js";
import type { FoundTarget, TargetSource } from "./target-source.js";

export interface HttpSourceOptions {
  /** The URL. It may contain a user name and a password. */
  readonly url: string;
  /** Milliseconds from one request to the next. */
  readonly interval: number;
  /** More header fields. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Milliseconds that an answer may take. */
const DEADLINE = 10_000;
/** The longest answer, in bytes. */
const MAX_BYTES = 16_777_216;

/**
 * Targets that a server lists, as Prometheus' http_sd asks for them. While it does not answer, its
 * last list stays.
 */
export function httpSource({ url, interval, headers }: HttpSourceOptions): TargetSource {
  const { shown, request } = requestFor(url, interval, headers);
  let last: readonly FoundTarget[] = [];
  return {
    name: `http ${shown}`,
    interval,
    folders: () => [],
    async read(signal) {
      try {
        const deadline = AbortSignal.timeout(Math.min(interval, DEADLINE));
        const document = await fetchJson(request, AbortSignal.any([signal, deadline]));
        const found = targetsOfGroups(document, shown);
        last = found.map(({ address, labels }) => ({ address, labels, source: shown }));
        return { targets: last, problems: [] };
      } catch (error) {
        return { targets: last, problems: [`${shown}: ${explain(error as Error)}`] };
      }
    },
  };
}

function requestFor(text: string, interval: number, headers: HttpSourceOptions["headers"]) {
  const url = new URL(text);
  const { username, password } = url;
  url.username = "";
  url.password = "";
  const request = new Request(url, {
    headers: {
      accept: "application/json",
      "x-prometheus-refresh-interval-seconds": String(interval / 1_000),
      "user-agent": "fcgi-probe",
    },
  });
  if (username !== "" || password !== "") {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    request.headers.set("authorization", `Basic ${Buffer.from(credentials).toString("base64")}`);
  }
  for (const [name, value] of Object.entries(headers ?? {})) request.headers.set(name, value);
  return { shown: url.href, request };
}

async function fetchJson(request: Request, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(request.clone(), { signal });
  try {
    if (response.status !== 200) throw badAnswer(`the answer has status ${response.status}`);
    const type = response.headers.get("content-type") ?? "";
    if (!/^application\/json\s*(;|$)/i.test(type)) {
      throw badAnswer(`the answer has the type "${type}", not application/json`);
    }
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const piece of response.body ?? []) {
      length += piece.length;
      if (length > MAX_BYTES) throw badAnswer(`the answer has more than ${MAX_BYTES} bytes`);
      pieces.push(piece);
    }
    const text = new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(pieces));
    const document: unknown = JSON.parse(text);
    if (!Array.isArray(document)) throw badAnswer("the answer is not a list");
    return document;
  } finally {
    // Releases the connection where the body was not read to its end.
    await response.body?.cancel().catch(() => {});
  }
}

function badAnswer(message: string): GatewayError {
  return new GatewayError(ErrorCode.BadInput, message, {
    hint: "the server must answer 200 with application/json: a list of targets with labels",
  });
}

function explain(error: Error): string {
  if (error.name === "TimeoutError") return "no answer in time";
  const { cause } = error as { cause?: { message?: string; code?: string } };
  return cause?.message || cause?.code || error.message;
}
