import type {
  RequestReceiver,
  ServerHandlers,
  ServerRequest,
} from "../../src/cgi/server-machine.js";
import type { GatewayError } from "../../src/errors.js";
import { FastCgiServer, type FastCgiServerOptions } from "../../src/fastcgi/server.js";
import { begin, endStdin, join, params, summaryOf } from "./records-of.js";

/** A request as the application saw it. */
export interface SeenRequest {
  request: ServerRequest;
  variables: [string, string][];
  body: string;
  bodyEnded: boolean;
  data: string;
  dataEnded: boolean;
  aborted: string | undefined;
}

/** What an application does with a request, at each point. */
export interface Behaviour {
  onRequest?: (seen: SeenRequest) => void;
  onBodyEnd?: (seen: SeenRequest) => void;
}

/** Leaves every request open. */
export const silent: Behaviour = {};

/** Answers when the request is complete, with the length of its body. */
const answering: Behaviour = {
  onBodyEnd: ({ request, body }) => {
    request.respond(new TextEncoder().encode(`Status: 200 OK\r\n\r\n${body.length}`));
    request.end();
  },
};

/** A machine and its application, with all that it sent. */
export class DrivenServer {
  readonly requests: SeenRequest[] = [];
  readonly machine: FastCgiServer;
  closed: Parameters<ServerHandlers["close"]>[0] | undefined;
  #sent: Uint8Array[] = [];

  constructor(options: FastCgiServerOptions = {}, behaviour: Behaviour = answering) {
    this.machine = new FastCgiServer(
      {
        request: (request) => this.#receive(request, behaviour),
        send: (parts) => void this.#sent.push(...parts.map((part) => part.slice())),
        close: (ending) => {
          this.closed = ending;
        },
      },
      options,
    );
  }

  /** Feeds the pieces; what is thrown becomes the result. */
  feed(...pieces: readonly Uint8Array[]): GatewayError | undefined {
    try {
      for (const piece of pieces) this.machine.take(new Uint8Array(piece));
      return undefined;
    } catch (error) {
      return error as GatewayError;
    }
  }

  /** All bytes sent since the last call. */
  take(): Uint8Array {
    const sent = new Uint8Array(Buffer.concat(this.#sent));
    this.#sent = [];
    return sent;
  }

  /** What was sent since the last call, record by record. */
  summary(): string[] {
    return summaryOf(this.take());
  }

  #receive(request: ServerRequest, behaviour: Behaviour): RequestReceiver {
    const seen: SeenRequest = {
      request,
      variables: [...request.variables].map(([name, value]) => [
        name,
        typeof value === "string" ? value : Buffer.from(value).toString("latin1"),
      ]),
      body: "",
      bodyEnded: false,
      data: "",
      dataEnded: false,
      aborted: undefined,
    };
    this.requests.push(seen);
    behaviour.onRequest?.(seen);
    return {
      body: (bytes) => {
        seen.body += Buffer.from(bytes).toString("latin1");
      },
      endBody: () => {
        seen.bodyEnded = true;
        behaviour.onBodyEnd?.(seen);
      },
      data: (bytes) => {
        seen.data += Buffer.from(bytes).toString("latin1");
      },
      endData: () => {
        seen.dataEnded = true;
      },
      aborted: (error) => {
        seen.aborted = error.code;
      },
    };
  }
}

/** A whole GET, whose variable `N` is its request id. */
export function get(id = 1, keep = true): Uint8Array {
  return join(begin(id, { keep }), params(id, { REQUEST_METHOD: "GET", N: `${id}` }), endStdin(id));
}

/** The same as HAProxy sends it. */
export function fromHaproxy(id = 1, keep = true): Uint8Array {
  const variables = { REQUEST_METHOD: "GET", N: `${id}`, SERVER_SOFTWARE: "HAProxy 2.6.12" };
  return join(begin(id, { keep }), params(id, variables), endStdin(id));
}
