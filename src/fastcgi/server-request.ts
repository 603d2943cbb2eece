import type { RequestReceiver, ServerRequest, ServerRole } from "../cgi/server-machine.js";
import { noVariables, type Variables } from "../cgi/variables.js";
import { encodeEndRequest, endOfStream, streamRecords } from "./encode.js";
import type { PairDecoder } from "./pair-decoder.js";
import { ProtocolStatus, RecordType, Role } from "./protocol.js";

/** What a request calls on its connection. */
export interface RequestOwner {
  send(parts: readonly Uint8Array[]): void;
  /** END_REQUEST has been sent. */
  ended(request: FastCgiServerRequest): void;
  /**
   * The response is incomplete. Returns whether the connection closes; if not, END_REQUEST is sent.
   */
  cut(request: FastCgiServerRequest): boolean;
}

const roles = new Map<number, ServerRole>([
  [Role.Responder, "responder"],
  [Role.Authorizer, "authorizer"],
  [Role.Filter, "filter"],
]);

/** The role with a number; undefined for a number that FastCGI does not define. */
export function roleOf(number: number): ServerRole | undefined {
  return roles.get(number);
}

/** The appStatus of a request whose response is incomplete, like a program's exit status. */
const FAILED = 1;

/** One request on a FastCGI connection, from BEGIN_REQUEST to END_REQUEST. */
export class FastCgiServerRequest implements ServerRequest {
  readonly requestId: number;
  readonly role: ServerRole;
  /** The number of the request on its connection, from 0. */
  readonly number: number;
  /** How many records the connection had before this request. */
  readonly recordsBefore: number;
  /** Decodes the variables; undefined once they are complete. */
  params: PairDecoder | undefined;
  /** Receives the body; undefined until the variables are complete. */
  receiver: RequestReceiver | undefined;
  /** Whether STDIN has ended. */
  bodyEnded = false;
  /** Whether DATA has ended. */
  dataEnded = false;
  #variables = noVariables;
  #hasErrors = false;
  #ended = false;
  readonly #owner: RequestOwner;

  constructor(
    owner: RequestOwner,
    begin: { requestId: number; role: ServerRole; number: number; recordsBefore: number },
    params: PairDecoder,
  ) {
    this.#owner = owner;
    this.requestId = begin.requestId;
    this.role = begin.role;
    this.number = begin.number;
    this.recordsBefore = begin.recordsBefore;
    this.params = params;
  }

  get variables(): Variables {
    return this.#variables;
  }

  /** Whether the request has arrived completely. */
  get complete(): boolean {
    return this.bodyEnded && this.dataEnded;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Whether the client may have left without a record that says so. HAProxy (2.6) then begins the
   * next request on the same connection, and ignores a refusal.
   */
  get mayBeAbandoned(): boolean {
    if (!this.complete) return false;
    return this.#variables.get("SERVER_SOFTWARE")?.startsWith("HAProxy") === true;
  }

  /** @throws GatewayError `truncated` when the PARAMS stream ends inside a pair */
  completeParams(params: PairDecoder): void {
    this.#variables = params.variables();
    this.params = undefined;
  }

  respond(bytes: Uint8Array): void {
    if (this.#ended || bytes.length === 0) return;
    this.#owner.send(streamRecords(RecordType.Stdout, this.requestId, bytes));
  }

  error(bytes: Uint8Array): void {
    if (this.#ended || bytes.length === 0) return;
    this.#hasErrors = true;
    this.#owner.send(streamRecords(RecordType.Stderr, this.requestId, bytes));
  }

  end(): void {
    this.#end(0);
  }

  fail(): void {
    if (this.#ended) return;
    if (this.#owner.cut(this)) this.#ended = true;
    else this.#end(FAILED);
  }

  refuse(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#owner.send([encodeEndRequest(this.requestId, 0, ProtocolStatus.Overloaded)]);
    this.#owner.ended(this);
  }

  /** Answers ABORT_REQUEST (FastCGI 1.0 §5.4). Nothing can be sent afterwards. */
  abort(): void {
    this.#end(FAILED);
  }

  /** Ends the request without sending anything, because the connection is lost. */
  drop(): void {
    this.#ended = true;
  }

  #end(appStatus: number): void {
    if (this.#ended) return;
    this.#ended = true;
    const { requestId } = this;
    const parts = [endOfStream(RecordType.Stdout, requestId)];
    if (this.#hasErrors) parts.push(endOfStream(RecordType.Stderr, requestId));
    parts.push(encodeEndRequest(requestId, appStatus, ProtocolStatus.RequestComplete));
    this.#owner.send(parts);
    this.#owner.ended(this);
  }
}
