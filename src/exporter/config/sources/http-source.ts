import { targetsOfGroups } from "../../../discovery/target-groups.js";
import { ErrorCode, GatewayError } from "../../../errors.js";
import { shownText } from "../../target.js";
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
const MAX_REDIRECTS = 5;
const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Targets that a server lists, as Prometheus' http_sd asks for them. While it does not answer, its
 * last list stays. A redirect to another origin is an error.
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

/**
 * The response to a request. Redirects are followed within the origin alone: another server must not
 * get the password or a token, and the list of another server is not the one that is configured.
 */
async function followed(request: Request, signal: AbortSignal): Promise<Response> {
  let { url } = request;
  for (let count = 0; count <= MAX_REDIRECTS; count++) {
    const response = await fetch(new Request(url, request), { signal, redirect: "manual" });
    const location = response.headers.get("location");
    if (location === null || !redirectStatuses.has(response.status)) return response;
    await response.body?.cancel();
    const next = URL.canParse(location, url) ? new URL(location, url) : undefined;
    if (next?.origin !== new URL(url).origin) throw leadsElsewhere(next?.origin ?? location);
    [next.username, next.password] = ["", ""];
    url = next.href;
  }
  throw badAnswer(`there are more than ${MAX_REDIRECTS} redirects`);
}

function leadsElsewhere(origin: string): GatewayError {
  const message = `it redirects to ${shownText(origin)}, which is not followed: configure that URL`;
  return new GatewayError(ErrorCode.BadInput, message);
}

async function fetchJson(request: Request, signal: AbortSignal): Promise<unknown> {
  const response = await followed(request, signal);
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
