import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { TLSSocket } from "node:tls";
import { percentEncoded } from "../../bytes.js";
import { byteStringValue, type Variable } from "../../cgi/variables.js";
import { plainIPv4 } from "../../cgi/variables-from-http.js";
import { ErrorCode, GatewayError } from "../../errors.js";
import { streamOf } from "../bridge-request.js";
import type { GatewayClient } from "../create-client.js";
import { failureStatus, plainResponse } from "./failure.js";
import {
  type FrontEndInit,
  type FrontEndOptions,
  type FrontEndRequest,
  WebFrontEnd,
} from "./front-end.js";

type Incoming = IncomingMessage | Http2ServerRequest;
type Outgoing = ServerResponse | Http2ServerResponse;

/** A request of `node:http` or `node:http2`. These types need no `@types/node`. */
export interface NodeHandlerRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: object;
  readonly httpVersion: string;
}

/** A response of `node:http` or `node:http2`. */
export interface NodeHandlerResponse {
  statusCode: number;
  readonly headersSent: boolean;
  setHeader(name: string, value: string | readonly string[]): unknown;
}

/**
 * A listener of `http.createServer`, `https` and `http2`, and a middleware of Express, Connect and
 * Vite.
 *
 * @returns when the answer is written, or has failed
 */
export type NodeHandler = (
  request: NodeHandlerRequest,
  response: NodeHandlerResponse,
  next?: (error?: unknown) => void,
) => Promise<void>;

/**
 * Makes a handler for Node's HTTP servers that passes requests on to a backend, as nginx does: with
 * `static` the files of `root` first, then scripts, then the front controller.
 *
 * An error is passed to `next`, with its `status`, where there is one; else it is answered. Put it
 * before middleware that reads bodies. Below a path of Express, that path is a part of SCRIPT_NAME.
 *
 * @throws GatewayError as `createClient`; `bad_input` for `static` without `root`
 * @throws TypeError that names a wrong argument
 */
export function toNodeHandler(client: GatewayClient, options?: FrontEndOptions): NodeHandler;
export function toNodeHandler(options: FrontEndInit): NodeHandler;
export function toNodeHandler(
  from: GatewayClient | FrontEndInit,
  options?: FrontEndOptions,
): NodeHandler {
  const frontEnd = new WebFrontEnd(from, options);
  return async (received, answered, next) => {
    const [incoming, outgoing] = [received as Incoming, answered as Outgoing];
    const controller = new AbortController();
    outgoing.once("close", () => controller.abort());
    const asked = frontEndRequest(incoming, controller.signal);
    if (asked === undefined) return writeOwn(plainResponse(400), incoming, outgoing);
    const { request } = asked;
    try {
      checkUnread(incoming);
      await writeResponse(await frontEnd.answer(asked), incoming, outgoing);
    } catch (error) {
      const isOver = outgoing.headersSent || outgoing.destroyed;
      if (next !== undefined && !isOver) {
        next(Object.assign(error as Error, { status: failureStatus(error, request) }));
        return;
      }
      const answer = frontEnd.failed(error, request);
      // The client sees that an answer is cut.
      if (isOver) outgoing.destroy();
      else await writeOwn(answer, incoming, outgoing);
    } finally {
      // A body that was not read to its end would hold the connection.
      incoming.resume();
    }
  };
}

/** Undefined for a request that is none, such as one for `*`. */
function frontEndRequest(incoming: Incoming, signal: AbortSignal): FrontEndRequest | undefined {
  const { method = "GET", url: target = "", headers } = incoming;
  const { originalUrl = target } = incoming as { originalUrl?: string };
  const isSecure = (incoming.socket as TLSSocket).encrypted === true;
  try {
    const origin = originOf(String(headers[":authority"] ?? headers.host ?? ""), isSecure);
    const fields = new Headers();
    for (const [name, value] of Object.entries(headers)) {
      // Node has answered "Expect: 100-continue" already.
      if (value === undefined || name.startsWith(":") || name === "expect") continue;
      for (const each of Array.isArray(value) ? value : [value]) fields.append(name, each);
    }
    const init: RequestInit & { duplex?: "half" } = { method, headers: fields, signal };
    if (method !== "GET" && method !== "HEAD" && hasContent(incoming)) {
      init.body = streamOf(incoming, Number.POSITIVE_INFINITY);
      init.duplex = "half";
    }
    return {
      request: new Request(urlOf(originalUrl, origin), init),
      pathname: urlOf(target, origin).pathname,
      mount: mountOf(originalUrl, target),
      variables: connectionVariables(incoming, originalUrl),
    };
  } catch {
    return undefined;
  }
}

/**
 * PHP would get an empty body, and answer as if the client had sent none.
 *
 * @throws GatewayError `bad_input` for a body that a middleware has read
 */
function checkUnread({ headers, readableDidRead }: Incoming): void {
  const isPromised =
    Number(headers["content-length"] ?? 0) > 0 || headers["transfer-encoding"] !== undefined;
  if (!isPromised || !readableDidRead) return;
  throw new GatewayError(ErrorCode.BadInput, "the body of this request has been read already", {
    hint: "put this handler before middleware that reads bodies, such as express.json()",
  });
}

function hasContent({ headers, httpVersionMajor, readableEnded }: Incoming): boolean {
  if (readableEnded) return false;
  const length = headers["content-length"];
  if (length !== undefined) return Number(length) > 0;
  return headers["transfer-encoding"] !== undefined || httpVersionMajor >= 2;
}

/** A host that is none must not change what the path is. */
function originOf(host: string, isSecure: boolean): string {
  const scheme = isSecure ? "https" : "http";
  const origin = `${scheme}://${host}`;
  return /^[\w.:[\]-]+$/.test(host) && URL.canParse(origin) ? origin : `${scheme}://localhost`;
}

/** @throws TypeError for a target that is neither a path nor a URL */
function urlOf(target: string, origin: string): URL {
  const ascii = target.replace(/[\x80-\xff]/g, percentEncoded);
  return new URL(ascii.startsWith("/") ? origin + ascii : ascii);
}

const withoutQuery = (target: string): string => target.split("?", 1)[0] ?? "";

/** What a framework has removed from the beginning of the path. */
function mountOf(originalUrl: string, target: string): string {
  const [whole, rest] = [withoutQuery(originalUrl), withoutQuery(target)];
  if (whole.endsWith(rest)) return whole.slice(0, whole.length - rest.length);
  return rest === "/" ? whole : "";
}

/** What a Request does not have: the bytes of the target, and the two ends of the connection. */
function connectionVariables({ socket, httpVersion }: Incoming, target: string): Variable[] {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  const variables: Variable[] = [["SERVER_PROTOCOL", `HTTP/${httpVersion}`]];
  if (target.startsWith("/")) {
    const query = target.slice(withoutQuery(target).length + 1);
    variables.push(["REQUEST_URI", byteStringValue(target)]);
    variables.push(["QUERY_STRING", byteStringValue(query)]);
  }
  if (remoteAddress !== undefined) variables.push(["REMOTE_ADDR", plainIPv4(remoteAddress)]);
  if (remotePort !== undefined) variables.push(["REMOTE_PORT", `${remotePort}`]);
  if (localAddress !== undefined) variables.push(["SERVER_ADDR", plainIPv4(localAddress)]);
  if (localPort !== undefined) variables.push(["SERVER_PORT", `${localPort}`]);
  return variables;
}

/** Writes a short answer of this side's own at once. A client that has left is no error. */
async function writeOwn(answer: Response, incoming: Incoming, outgoing: Outgoing): Promise<void> {
  const text = await answer.text();
  try {
    outgoing.statusCode = answer.status;
    for (const [name, value] of answer.headers) outgoing.setHeader(name, value);
    if (incoming.method === "HEAD") outgoing.end();
    else outgoing.end(text);
  } catch {
    outgoing.destroy();
  }
}

async function writeResponse(
  answer: Response,
  incoming: Incoming,
  outgoing: Outgoing,
): Promise<void> {
  outgoing.statusCode = answer.status;
  if (incoming.httpVersionMajor < 2) {
    const response = outgoing as ServerResponse;
    if (answer.statusText !== "") response.statusMessage = answer.statusText;
  }
  for (const [name, value] of answer.headers) {
    if (name !== "set-cookie") outgoing.setHeader(name, value);
  }
  const cookies = answer.headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader("set-cookie", cookies);
  if (answer.body === null) {
    outgoing.end();
    return;
  }
  // What is wrong with the head is thrown here, and not in an event of the body.
  outgoing.writeHead(answer.status);
  const body = Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]);
  await pipeline(body, outgoing as ServerResponse);
}
