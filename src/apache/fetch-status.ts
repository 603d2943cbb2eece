import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { concat } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { type WorkerPage, WorkerPageReader } from "./html-page.js";
import { refusedPage } from "./not-a-status-page.js";
import { connectionOf, type StatusConnection } from "./status-connection.js";
import type { WorkerRow } from "./worker-row.js";

export interface FetchStatusOptions {
  /** Milliseconds until the whole page must be here. Default 10,000. */
  readonly timeout?: number | undefined;
  /** The longest page that is accepted, in bytes. Default 64 MiB. */
  readonly maxLength?: number | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called when the answer begins. httpd has just made the page then. */
  readonly onAnswer?: (() => void) | undefined;
}

const MAX_LENGTH = 67_108_864;

/**
 * Asks an httpd for a page of its status.
 *
 * @param url may have a name and a password in it
 * @throws GatewayError for anything but an answer with status 200
 */
export async function fetchStatusPage(
  url: string,
  options: FetchStatusOptions = {},
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  await eachPiece(url, options, (piece) => pieces.push(piece));
  return concat(pieces);
}

/**
 * Asks an httpd for its workers: the page is read as it comes.
 *
 * @throws GatewayError as {@link fetchStatusPage}, and where the page has no workers
 */
export async function fetchWorkerPage(
  url: string,
  options: FetchStatusOptions = {},
): Promise<WorkerPage> {
  const rows: WorkerRow[] = [];
  const reader = new WorkerPageReader((row) => rows.push(row));
  const connection = await eachPiece(url, options, (piece) => reader.write(piece));
  try {
    return { rows, ...reader.end(), connection };
  } catch (error) {
    throw error instanceof GatewayError ? error.with({ address: shownUrl(url) }) : error;
  }
}

/** A URL as it may be shown: without a name and a password. */
export function shownUrl(url: string): string {
  return targetOf(url).shown;
}

async function eachPiece(
  url: string,
  options: FetchStatusOptions,
  onPiece: (piece: Uint8Array) => void,
): Promise<StatusConnection | undefined> {
  const { timeout = 10_000, maxLength = MAX_LENGTH } = options;
  const target = targetOf(url);
  const deadline = AbortSignal.timeout(Math.ceil(timeout));
  const signal =
    options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal]);
  try {
    const response = await ask(target, options.headers, signal);
    const connection = connectionOf(response.socket);
    options.onAnswer?.();
    try {
      if (response.statusCode !== 200) throw refusedPage(target.shown, response.statusCode ?? 0);
      let length = 0;
      for await (const piece of response as AsyncIterable<Uint8Array>) {
        length += piece.length;
        if (length > maxLength) throw tooLong(target.shown, maxLength);
        onPiece(piece);
      }
    } finally {
      response.destroy();
    }
    return connection;
  } catch (error) {
    throw error instanceof GatewayError
      ? error.with({ address: target.shown })
      : failure(target.shown, error, { timeout, signal: options.signal, deadline });
  }
}

async function ask(
  { url, headers }: Target,
  more: FetchStatusOptions["headers"],
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const request = (url.protocol === "https:" ? httpsRequest : httpRequest)(url, {
    agent: false,
    headers: { ...headers, ...more },
    signal,
  });
  // Once the answer has begun, its own stream reports every error.
  request.on("error", () => {});
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return response;
}

interface Target {
  readonly url: URL;
  /** Without a password: for messages. */
  readonly shown: string;
  readonly headers: Readonly<Record<string, string>>;
}

function targetOf(text: string): Target {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw notAUrl(text);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") throw notAUrl(text);
  const { username, password } = url;
  url.username = "";
  url.password = "";
  if (username === "" && password === "") return { url, shown: text, headers: {} };
  const bytes = new TextEncoder().encode(
    `${decodeURIComponent(username)}:${decodeURIComponent(password)}`,
  );
  const authorization = `Basic ${btoa(String.fromCharCode(...bytes))}`;
  return { url, shown: url.href, headers: { authorization } };
}

function notAUrl(text: string): GatewayError {
  return new GatewayError(ErrorCode.BadAddress, `not a URL of a status page: ${text}`, {
    address: text,
    hint: "write it as http://127.0.0.1/server-status",
  });
}

function tooLong(url: string, maxLength: number): GatewayError {
  const message = `the page is longer than ${maxLength} bytes`;
  return new GatewayError(ErrorCode.LimitExceeded, message, { address: url, offset: maxLength });
}

interface Circumstances {
  readonly timeout: number;
  readonly deadline: AbortSignal;
  /** The caller's. */
  readonly signal: AbortSignal | undefined;
}

function failure(url: string, error: unknown, circumstances: Circumstances): GatewayError {
  const [code, what, hint] = reasonOf(error, circumstances);
  return new GatewayError(code, `Failed to retrieve Apache status page from ${url}! ${what}`, {
    address: url,
    hint,
    cause: error,
  });
}

type Reason = readonly [code: ErrorCode, what: string, hint: string | undefined];

function reasonOf(error: unknown, { timeout, signal, deadline }: Circumstances): Reason {
  if (signal?.aborted) return [ErrorCode.Aborted, "The request was cancelled.", undefined];
  if (deadline.aborted) {
    const hint =
      "every worker of httpd may be busy: the status page waits for a free one as any request does";
    return [ErrorCode.Deadline, `There was no answer within ${timeout} ms.`, hint];
  }
  const cause = (error as { cause?: unknown }).cause ?? error;
  const code = String((cause as NodeJS.ErrnoException).code ?? "");
  const what = `${(cause as Error).message ?? String(cause)}.`;
  switch (code) {
    case "ECONNREFUSED":
      return [ErrorCode.Refused, what, "is httpd running, and is this where it listens?"];
    case "ETIMEDOUT":
    case "UND_ERR_CONNECT_TIMEOUT":
      return [ErrorCode.ConnectTimeout, what, undefined];
    case "ECONNRESET":
    case "UND_ERR_SOCKET":
      return [ErrorCode.ClosedWithoutAnswer, what, "see httpd's error log"];
  }
  // Without a code since Node 24.
  if (code.startsWith("HPE_") || (cause as Error).name === "HTTPParserError")
    return [ErrorCode.WrongProtocol, what, "is this httpd's port?"];
  if (/^ERR_(?:TLS|SSL)|CERT|^EPROTO$/.test(code)) {
    const hint = "check the certificate and its name, or use http:// on the loopback interface";
    return [ErrorCode.ConnectFailed, what, hint];
  }
  return [ErrorCode.ConnectFailed, what, undefined];
}
