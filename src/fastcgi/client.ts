import type { ClientHandlers, ClientMachine } from "../cgi/client-machine.js";
import type { Variable } from "../cgi/variable.js";
import type { Engine } from "../engine/engine.js";
import type { GatewayError } from "../errors.js";
import { defaultLimits } from "../limits.js";
import { encodeAbortRequest, encodeBeginRequest, endOfStream, streamRecords } from "./encode.js";
import { encodeParams } from "./pairs.js";
import { KEEP_CONN, RecordType, Role } from "./protocol.js";
import { ResponseDecoder } from "./response-decoder.js";

export interface FastCgiRequest {
  variables: Iterable<Variable>;
  /** Default: {@link Role.Responder}. */
  role?: Role | undefined;
  /** 1 to 65,535. Default 1. */
  requestId?: number | undefined;
  /** Asks the application to leave the connection open. Default false: it pins a php-fpm worker. */
  keepConnection?: boolean | undefined;
}

/** A request whose first records, BEGIN_REQUEST and PARAMS, are encoded already. */
export interface EncodedRequest {
  /** See {@link openRequest}. */
  opening: Uint8Array[];
  role?: Role | undefined;
  requestId?: number | undefined;
}

export interface FastCgiClientOptions {
  limits?: { variables?: number | undefined; records?: number | undefined } | undefined;
  engine?: Engine | undefined;
}

/** One FastCGI request, without I/O: the records to send, and what the answer's records mean. */
export class FastCgiClient implements ClientMachine {
  readonly requestId: number;
  readonly #role: Role;
  readonly #opening: Uint8Array[];
  readonly #decoder: ResponseDecoder;

  /** @throws GatewayError `limit_exceeded` when the variables do not fit */
  constructor(
    request: FastCgiRequest | EncodedRequest,
    handlers: ClientHandlers,
    options: FastCgiClientOptions = {},
  ) {
    this.requestId = request.requestId ?? 1;
    this.#role = request.role ?? Role.Responder;
    this.#opening =
      "opening" in request ? request.opening : openRequest(request, options.limits?.variables);
    this.#decoder = new ResponseDecoder(this.requestId, handlers, {
      records: options.limits?.records,
      engine: options.engine,
    });
  }

  get ended(): boolean {
    return this.#decoder.ended;
  }

  open(): Uint8Array[] {
    return this.#opening;
  }

  body(bytes: Uint8Array): Uint8Array[] {
    return streamRecords(RecordType.Stdin, this.requestId, bytes);
  }

  /** An authorizer has no STDIN (FastCGI 1.0 §6.3); a filter's STDIN is followed by its DATA. */
  endBody(): Uint8Array[] {
    return this.#role === Role.Authorizer ? [] : [endOfStream(RecordType.Stdin, this.requestId)];
  }

  /** A piece of the file that a filter filters (FastCGI 1.0 §6.4). */
  data(bytes: Uint8Array): Uint8Array[] {
    return streamRecords(RecordType.Data, this.requestId, bytes);
  }

  endData(): Uint8Array[] {
    return [endOfStream(RecordType.Data, this.requestId)];
  }

  abort(): Uint8Array[] {
    return [encodeAbortRequest(this.requestId)];
  }

  receive(length: number): number {
    return this.#decoder.receive(length);
  }

  closed(): GatewayError | undefined {
    return this.#decoder.closed();
  }

  unanswered(): GatewayError | undefined {
    return this.#decoder.unanswered();
  }
}

/** BEGIN_REQUEST and the PARAMS stream. */
export function openRequest(
  request: FastCgiRequest,
  limit: number = defaultLimits.variables,
): Uint8Array[] {
  const requestId = request.requestId ?? 1;
  const flags = request.keepConnection === true ? KEEP_CONN : 0;
  return [
    encodeBeginRequest(requestId, request.role ?? Role.Responder, flags),
    encodeParams(requestId, request.variables, limit),
  ];
}
