import type { Protocol } from "../address.js";
import { AnswerStatus } from "../cgi/answer-status.js";
import type { Variables } from "../cgi/variables.js";
import { ErrorStreamStart } from "../client/exchange.js";

/** The protocols that can be tapped. */
export type TappedProtocol = typeof Protocol.FastCgi | typeof Protocol.Scgi | typeof Protocol.Uwsgi;

/** Bytes of a request's variables that are examined. A longer request is shown without them. */
export const TAPPED_VARIABLES = 65_536;
/** Bytes of a request's error stream that are kept. */
const KEPT_STDERR = 4_096;
/** Bytes of a response's head that are examined for its status. */
const EXAMINED_HEAD = 16_384;
/** Characters of a method, a URI and a script that are kept. */
const KEPT_TEXT = 2_048;

/** How a request ended. */
export const RequestOutcome = {
  /** The response is complete. */
  Complete: "complete",
  /** The front end aborted the request, or closed the connection before the response was complete. */
  Aborted: "aborted",
  /** The backend closed the connection before the response was complete. */
  Truncated: "truncated",
} as const;
export type RequestOutcome = (typeof RequestOutcome)[keyof typeof RequestOutcome];

/** A request that has passed through a tap. */
export interface TappedRequest {
  readonly protocol: TappedProtocol;
  /** The number of the connection, from 1. */
  readonly connection: number;
  /** The FastCGI request id; 0 in other protocols. */
  readonly requestId: number;
  readonly outcome: RequestOutcome;
  /** When the first byte of the request arrived. */
  readonly startedAt: Date;
  /** Milliseconds from the request's first byte to the response's; undefined without a response. */
  readonly firstByte: number | undefined;
  /** Milliseconds from the request's first byte to the end. */
  readonly elapsed: number;
  /** The response's status; undefined when the response has no readable head. */
  readonly status: number | undefined;
  /** Empty when the variables could not be read, or do not have it. */
  readonly method: string;
  readonly uri: string;
  readonly script: string;
  /** Bytes of the request's body. */
  readonly sent: number;
  /** Bytes of the response, its head included. */
  readonly received: number;
  /** The first 4,096 bytes of what the application wrote to its error stream. */
  readonly stderr: string;
  /** FastCGI's appStatus and protocolStatus; 0 in other protocols. */
  readonly appStatus: number;
  readonly protocolStatus: number;
}

/** A request that has not ended, as far as it has been seen. */
export class OpenRequest {
  readonly #protocol: TappedProtocol;
  readonly #connection: number;
  readonly #requestId: number;
  readonly #startedAt = Date.now();
  readonly #started = performance.now();
  #method = "";
  #uri = "";
  #script = "";
  #sent = 0;
  #received = 0;
  #firstByte: number | undefined;
  /** Undefined once the head is complete, or cannot be read. */
  readonly #status = new AnswerStatus({ responseHead: EXAMINED_HEAD });
  #stderr: ErrorStreamStart | undefined;
  #isAborted = false;

  constructor(protocol: TappedProtocol, connection: number, requestId: number) {
    this.#protocol = protocol;
    this.#connection = connection;
    this.#requestId = requestId;
  }

  variables(variables: Variables): void {
    this.#method = kept(variables.get("REQUEST_METHOD"));
    this.#uri = kept(variables.get("REQUEST_URI") ?? variables.get("SCRIPT_NAME"));
    this.#script = kept(variables.get("SCRIPT_FILENAME") ?? variables.get("SCRIPT_NAME"));
  }

  body(length: number): void {
    this.#sent += length;
  }

  /** The front end has asked the application to stop. */
  abort(): void {
    this.#isAborted = true;
  }

  stdout(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#firstByte ??= performance.now() - this.#started;
    this.#received += bytes.length;
    this.#status.push(bytes);
  }

  stderr(bytes: Uint8Array): void {
    this.#stderr ??= new ErrorStreamStart(KEPT_STDERR);
    this.#stderr.push(bytes);
  }

  end(outcome: RequestOutcome, appStatus = 0, protocolStatus = 0): TappedRequest {
    return {
      protocol: this.#protocol,
      connection: this.#connection,
      requestId: this.#requestId,
      outcome: this.#isAborted ? RequestOutcome.Aborted : outcome,
      startedAt: new Date(this.#startedAt),
      firstByte: this.#firstByte,
      elapsed: performance.now() - this.#started,
      status: this.#status.value,
      method: this.#method,
      uri: this.#uri,
      script: this.#script,
      sent: this.#sent,
      received: this.#received,
      stderr: this.#stderr?.text ?? "",
      appStatus,
      protocolStatus,
    };
  }
}

function kept(text: string | undefined): string {
  if (text === undefined || text.length <= KEPT_TEXT) return text ?? "";
  return `${text.slice(0, KEPT_TEXT)}…`;
}
