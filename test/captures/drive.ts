import type { ClientHandlers, ClientMachine, RequestEnd } from "../../src/cgi/client-machine.js";
import type { ServerHandlers, ServerMachine, ServerRole } from "../../src/cgi/server-machine.js";
import { type Variable, valueBytes } from "../../src/cgi/variables.js";
import type { Engine } from "../../src/engine/engine.js";
import { WINDOW, WINDOW_SIZE } from "../../src/engine/memory.js";
import type { GatewayError } from "../../src/errors.js";
import { latin1 } from "./plain.js";

/** What an error says that may not depend on the cut. */
export interface Problem {
  code: string;
  message: string;
  offset: number | undefined;
}

export function problemOf(error: GatewayError | undefined): Problem | undefined {
  if (error === undefined) return undefined;
  const { code, message, offset } = error;
  // Another error than ours is a fault of the decoder.
  if (code === undefined || error.name !== "GatewayError") throw error;
  return { code, message, offset };
}

/** The problem that is thrown; undefined when there is none. */
export function attempt(work: () => void): Problem | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return problemOf(error as GatewayError);
  }
}

/** Puts chunks into the engine's window, as a connection does. */
export function receive(
  engine: Engine,
  chunks: readonly Uint8Array[],
  take: (length: number) => void,
): void {
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += WINDOW_SIZE) {
      const piece = chunk.subarray(at, at + WINDOW_SIZE);
      engine.memory.set(piece, WINDOW);
      take(piece.length);
    }
  }
}

/** What a client's machine makes of an answer, at whose end the peer closes. */
export interface Answer {
  stdout: string;
  stderr: string;
  end: RequestEnd | undefined;
  problem: Problem | undefined;
}

export function answerOf(
  create: (handlers: ClientHandlers) => ClientMachine,
  chunks: readonly Uint8Array[],
  engine: Engine,
): Answer {
  const answer: Answer = { stdout: "", stderr: "", end: undefined, problem: undefined };
  const machine = create({
    stdout: (bytes) => {
      answer.stdout += latin1(bytes);
    },
    stderr: (bytes) => {
      answer.stderr += latin1(bytes);
    },
    end: (result) => {
      answer.end = result;
    },
  });
  answer.problem = attempt(() => receive(engine, chunks, (length) => machine.receive(length)));
  answer.problem ??= problemOf(machine.closed(undefined));
  return answer;
}

/** A request as the application sees it. */
export interface Seen {
  variables: Variable[];
  role: ServerRole;
  body: string;
  bodyEnded: boolean;
  data: string;
  aborted: string | undefined;
}

/** What happens on a connection to a server, at whose end the front end closes. */
export interface Served {
  requests: Seen[];
  /** What the front end receives. */
  sent: string;
  closed: string | undefined;
  problem: Problem | undefined;
  /** Whether the problem is one of the bytes, not of their end. */
  refused: boolean;
  /** Bytes that were of no use. */
  ignored: number;
}

/** What the application says to every request. */
export const ANSWER = new TextEncoder().encode("Status: 204 No Content\r\n\r\n");

/** An application that answers each request as soon as it is whole. */
export function serve(
  create: (handlers: ServerHandlers) => ServerMachine & { readonly ignored: number },
  chunks: readonly Uint8Array[],
): Served {
  const requests: Seen[] = [];
  let sent = "";
  let closed: string | undefined;
  const machine = create({
    request(request) {
      const { role } = request;
      const variables = [...request.variables];
      const seen: Seen = {
        variables,
        role,
        body: "",
        bodyEnded: false,
        data: "",
        aborted: undefined,
      };
      requests.push(seen);
      return {
        body: (bytes) => {
          seen.body += latin1(bytes);
        },
        endBody: () => {
          seen.bodyEnded = true;
          request.respond(ANSWER);
          request.end();
        },
        data: (bytes) => {
          seen.data += latin1(bytes);
        },
        endData: () => {},
        aborted: (error) => {
          seen.aborted = error.code;
        },
      };
    },
    send: (parts) => {
      for (const part of parts) sent += latin1(part);
    },
    close: (ending) => {
      // Whether the front end may say more depends on what has come, and so on the cut.
      closed = ending === "lingering" ? "finished" : ending;
    },
  });
  const thrown = attempt(() => {
    for (const chunk of chunks) machine.take(new Uint8Array(chunk));
  });
  const problem = thrown ?? problemOf(machine.closed());
  return {
    requests,
    sent,
    closed,
    problem,
    refused: thrown !== undefined,
    ignored: machine.ignored,
  };
}

/** Variables as Latin-1, to compare with those of a plain reader. */
export function textsOf(variables: readonly Variable[]): [name: string, value: string][] {
  return variables.map(([name, value]) => [name, latin1(valueBytes(value))]);
}
