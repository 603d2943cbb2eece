import type { OneRequestServer } from "../../src/cgi/one-request-server.js";
import type { Ending, ServerHandlers, ServerRequest } from "../../src/cgi/server-machine.js";
import { type Variable, Variables } from "../../src/cgi/variables.js";
import { GatewayError } from "../../src/errors.js";

/** All that a machine said, and all that was seen of its request. */
export interface Seen {
  variables: ReadonlyMap<string, string | undefined> | undefined;
  body: string;
  bodyEnded: boolean;
  aborted: string | undefined;
  sent: string;
  errorOutput: string;
  closed: Ending | undefined;
  /** The code of what was thrown, or of what was wrong with the end. */
  problem: string | undefined;
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

/** What an application does with its request. */
export type Behaviour = (request: ServerRequest, seen: Seen) => void;

/** Answers a complete request with the length of its body, and others not at all. */
const answering: Behaviour = (request, { body }) => {
  request.respond(Buffer.from(`${body.length}`));
  request.end();
};

/** A machine that carries one request, and its application. */
export class DrivenRequest {
  readonly machine: OneRequestServer;
  readonly seen: Seen = {
    variables: undefined,
    body: "",
    bodyEnded: false,
    aborted: undefined,
    sent: "",
    errorOutput: "",
    closed: undefined,
    problem: undefined,
  };

  constructor(
    create: (handlers: ServerHandlers) => OneRequestServer,
    onBodyEnd: Behaviour = answering,
    onRequest: Behaviour = () => {},
  ) {
    const { seen } = this;
    this.machine = create({
      request: (request) => {
        seen.variables = byName([...request.variables]);
        onRequest(request, seen);
        return {
          body: (bytes) => {
            seen.body += text(bytes);
          },
          endBody: () => {
            seen.bodyEnded = true;
            onBodyEnd(request, seen);
          },
          data: () => {},
          endData: () => {},
          aborted: (error) => {
            seen.aborted = error.code;
          },
        };
      },
      send: (parts) => {
        for (const part of parts) seen.sent += text(part);
      },
      close: (how) => {
        seen.closed = how;
      },
      errorOutput: (bytes) => {
        seen.errorOutput += text(bytes);
      },
    });
  }

  /** Feeds pieces until one is refused. */
  feed(...pieces: readonly Uint8Array[]): Seen {
    try {
      for (const piece of pieces) this.machine.take(new Uint8Array(piece));
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.seen.problem = error.code;
    }
    return this.seen;
  }

  /** The front end sends no more. */
  end(): Seen {
    this.seen.problem = this.machine.closed()?.code;
    return this.seen;
  }
}

/** Of several variables of a name, the last. */
function byName(list: readonly Variable[]): ReadonlyMap<string, string | undefined> {
  const variables = new Variables(list);
  return new Map(list.map(([name]) => [name, variables.get(name)]));
}
