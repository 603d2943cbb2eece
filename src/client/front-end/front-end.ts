import type { Address } from "../../address.js";
import { described, isObject } from "../../arguments.js";
import { latin1, percentEncoded } from "../../bytes.js";
import { scriptVariables, sitePath } from "../../cgi/front-controller.js";
import { decodePath, type VariablesInit, variablePairs } from "../../cgi/variables-from-request.js";
import { ErrorCode, GatewayError } from "../../errors.js";
import { notify } from "../../listeners.js";
import { checkOptions } from "../check-options.js";
import { chooseScript } from "../choose-script.js";
import {
  type ClientOptions,
  clientOptions,
  createClient,
  type GatewayClient,
} from "../create-client.js";
import { type BackendSite, siteOf } from "../script-files.js";
import { failureStatus, plainResponse } from "./failure.js";
import { answerForHttp } from "./http-answer.js";
import { type StaticFiles, serveStaticFiles } from "./static-files.js";

/** Milliseconds for the head of an answer, as nginx's fastcgi_read_timeout. */
const HEAD_TIMEOUT = 60_000;
/** The same with a body: Node's servers give a client 300 s to send a request. */
const UPLOAD_TIMEOUT = 360_000;

export interface FrontEndOptions {
  /**
   * Whether to serve the files of `root` first, as nginx does, by the package `@fastify/send`. PHP
   * sources and hidden files are never among them. If that package is missing, standard error says so
   * when the handler is made, and requests for files are answered with 500. Default: false.
   */
  static?: boolean | undefined;
  /**
   * Called with an error that is no fault of the HTTP client; it is answered with 502, 503, 504 or
   * 500. Default: the error is written to standard error.
   */
  onError?: ((error: unknown, request: Request) => void) | undefined;
}

/**
 * A backend, and its front end. Without a `timeout`, an answer has to begin within 60 s, or 360 s after
 * a body, and may then take as long as its client stays.
 */
export interface FrontEndInit extends ClientOptions, FrontEndOptions {
  /** Where the backend listens, see {@link parseAddress}. */
  address: string | Address;
}

/** What a server knows of a request. Paths are percent-encoded. */
export interface FrontEndRequest {
  request: Request;
  /** The path below the site. */
  pathname: string;
  /** The path of the site: empty at the top. */
  mount: string;
  variables: VariablesInit;
}

/** Answers requests as a web server in front of a backend: files first, then the application. */
export class WebFrontEnd {
  readonly #client: GatewayClient;
  readonly #options: FrontEndOptions;
  readonly #defaults: ClientOptions;
  readonly #site: BackendSite | undefined;
  readonly #files: Promise<StaticFiles> | undefined;

  /**
   * @throws GatewayError as {@link createClient}; `bad_input` for `static` without `root`
   * @throws TypeError that names a wrong argument
   */
  constructor(from: GatewayClient | FrontEndInit, given: FrontEndOptions = {}) {
    if (!isObject(from)) {
      throw new TypeError(`client: ${described(from)} is neither a client nor options`);
    }
    if ("fetch" in from) [this.#client, this.#options] = [from, given];
    else {
      const { address, static: _, onError: __, ...options } = from;
      [this.#client, this.#options] = [createClient(address, options), from];
    }
    checkOptions("options", this.#options);
    this.#defaults = clientOptions(this.#client);
    this.#site = siteOf(this.#defaults);
    if (this.#options.static === true) this.#files = filesOf(this.#defaults.root);
  }

  /** @throws what the client of the backend throws */
  async answer({ request, pathname, mount, variables }: FrontEndRequest): Promise<Response> {
    if (/^websocket$/i.test(request.headers.get("upgrade") ?? "")) return plainResponse(501);
    let path: string;
    try {
      path = sitePath(pathname);
    } catch {
      return plainResponse(400);
    }
    const site = this.#site;
    if (site === undefined) return this.#send(request, variables);
    const { timeout = usualTimeout(request) } = this.#defaults;
    const chosen = await chooseScript(site, path, timeout, request.signal);
    const place = latin1(decodePath(mount));
    if (!chosen.named && (request.method === "GET" || request.method === "HEAD")) {
      const files = await this.#files;
      const answer = await files?.answer(request, path);
      if (answer !== undefined) return answerForHttp(answer);
      if (!path.endsWith("/")) {
        const folder = `${path}/`;
        const isFolder =
          (await chooseScript(site, folder, timeout, request.signal)).named ||
          (await files?.has(folder));
        if (isFolder) return toFolder(place + folder, request);
      }
    }
    const ofScript = scriptVariables(chosen, site.documentRoot, place);
    return this.#send(request, [...ofScript, ...variablePairs(variables)]);
  }

  /** The answer to a request that has failed. */
  failed(error: unknown, request: Request): Response {
    const isGone = request.signal.aborted;
    if (!isGone) this.#report(error, request);
    return plainResponse(failureStatus(error, request));
  }

  #report(error: unknown, request: Request): void {
    const { onError } = this.#options;
    if (onError !== undefined) notify(onError, error, request);
    else writeError(`${request.method} ${request.url}`, error);
  }

  /** Options and variables of the client win: whoever configured it meant them. */
  async #send(request: Request, variables: VariablesInit): Promise<Response> {
    const { oddHeaderNames = "drop", variables: own = [], timeout, headTimeout } = this.#defaults;
    const answer = await this.#client.fetch(request, {
      // The script is chosen already.
      root: undefined,
      frontController: undefined,
      oddHeaderNames,
      variables: new Map([...variablePairs(variables), ...variablePairs(own)]),
      // A slow reader may take longer for a long answer than any limit of it allows.
      timeout: timeout ?? Number.POSITIVE_INFINITY,
      headTimeout: headTimeout ?? (timeout === undefined ? usualTimeout(request) : undefined),
    });
    return answerForHttp(answer);
  }
}

function usualTimeout(request: Request): number {
  return request.body === null ? HEAD_TIMEOUT : UPLOAD_TIMEOUT;
}

function filesOf(root: string | undefined): Promise<StaticFiles> {
  if (root === undefined) {
    throw new GatewayError(ErrorCode.BadInput, "static files need a folder: set root");
  }
  const files = serveStaticFiles(root);
  // A package that is missing shows at the start, and again with each request for a file.
  files.catch((error) => writeError("static: true", error));
  return files;
}

/** Writes an error, what it happened to, and its hint to standard error. */
function writeError(subject: string, error: unknown): void {
  const hint = error instanceof GatewayError ? `\nhint: ${error.hint}` : "";
  const text = `fcgi-probe: ${subject}: ${error}${hint}\n`;
  process.stderr.write(text.replace(/[^\P{Cc}\n]/gu, percentEncoded));
}

/** A folder has its slash, so that the links of its page are right. */
function toFolder(path: string, request: Request): Response {
  const encoded = path.replace(/[^\w/.~!$&'()*+,;=:@-]/g, percentEncoded);
  // Two slashes would lead to another host.
  const location = encoded.replace(/^\/+/, "/") + new URL(request.url).search;
  return new Response(null, { status: 301, headers: { location } });
}
