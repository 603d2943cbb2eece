import type { ClientHandlers, ClientMachine } from "../cgi/client-machine.js";
import type { Variable } from "../cgi/variables.js";
import type { Engine } from "../engine/engine.js";
import type { GatewayError } from "../errors.js";
import { defaultLimits } from "../limits.js";
import {
  encodeAbortRequest,
  encodeBeginRequest,
  encodeParams,
  endOfStream,
  streamRecords,
} from "./encode.js";
import { KEEP_CONN, RecordType, Role } from "./protocol.js";
import { ResponseDecoder } from "./response-decoder.js";

export interface FastCgiRequest {
  variables: Iterable<Variable>;
  /** The role of the application. Default: {@link Role.Responder}. */
  role?: Role | undefined;
  /** The request id, 1 to 65,535. Default: 1. */
  requestId?: number | undefined;
  /**
   * Whether the application leaves the connection open after its response. Default: false, because
   * an open connection occupies a php-fpm worker.
   */
  keepConnection?: boolean | undefined;
}

/** The records of a request that do not depend on its body. They can be sent many times. */
export interface PreparedRequest {
  requestId: number;
  /** BEGIN_REQUEST and the PARAMS stream. */
  opening: Uint8Array[];
  /** The end of STDIN, which an authorizer does not have (FastCGI 1.0 §6.3). */
  endOfBody: Uint8Array[];
}

export interface FastCgiClientOptions {
  limits?: { variables?: number | undefined; records?: number | undefined } | undefined;
  engine?: Engine | undefined;
}

/** The client's side of one FastCGI request. It does no I/O. */
export class FastCgiClient implements ClientMachine {
  readonly requestId: number;
  readonly #request: PreparedRequest;
  readonly #decoder: ResponseDecoder;

  /** @throws GatewayError `limit_exceeded` when the variables do not fit */
  constructor(
    request: FastCgiRequest | PreparedRequest,
    handlers: ClientHandlers,
    options: FastCgiClientOptions = {},
  ) {
    this.#request =
      "opening" in request ? request : prepareRequest(request, options.limits?.variables);
    this.requestId = this.#request.requestId;
    this.#decoder = new ResponseDecoder(this.requestId, handlers, {
      records: options.limits?.records,
      engine: options.engine,
    });
  }

  get ended(): boolean {
    return this.#decoder.ended;
  }

  open(): Uint8Array[] {
    return this.#request.opening;
  }

  body(bytes: Uint8Array): Uint8Array[] {
    return streamRecords(RecordType.Stdin, this.requestId, bytes);
  }

  /** A filter's STDIN is followed by its DATA. */
  endBody(): Uint8Array[] {
    return this.#request.endOfBody;
  }

  /** The records of a piece of the file that a filter filters (FastCGI 1.0 §6.4). */
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

/**
 * Encodes the records of a request that do not depend on its body.
 *
 * @param limit bytes that the variables may take
 * @throws GatewayError `limit_exceeded` when the variables do not fit
 */
export function prepareRequest(
  request: FastCgiRequest,
  limit: number = defaultLimits.variables,
): PreparedRequest {
  const { requestId = 1, role = Role.Responder, keepConnection = false, variables } = request;
  return {
    requestId,
    opening: [
      encodeBeginRequest(requestId, role, keepConnection ? KEEP_CONN : 0),
      encodeParams(requestId, variables, limit),
    ],
    endOfBody: role === Role.Authorizer ? [] : [endOfStream(RecordType.Stdin, requestId)],
  };
}
