import { type ClientProtocol, Protocol } from "../address.js";
import { concat, noBytes } from "../bytes.js";
import type { ClientHandlers, ClientMachine } from "../cgi/client-machine.js";
import { UntilCloseClient } from "../cgi/until-close-client.js";
import type { Variable } from "../cgi/variables.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { FastCgiClient, prepareRequest } from "../fastcgi/client.js";
import { streamRecords } from "../fastcgi/encode.js";
import { RecordType } from "../fastcgi/protocol.js";
import { encodeRequest } from "../scgi/client.js";
import { encodePacket } from "../uwsgi/encode.js";

/** A request that is sent many times. */
export interface RepeatedRequest {
  variables: readonly Variable[];
  /** The body; empty for none. */
  body: Uint8Array;
  /** Whether connections are kept for further requests. FastCGI only. */
  keep: boolean;
}

/** The bytes of a request, encoded once, and what reads the answers to it. */
export interface WireRequest {
  readonly bytes: readonly Uint8Array[];
  /** Makes the machine that reads one answer. */
  machine(handlers: ClientHandlers): ClientMachine;
}

/**
 * Encodes a request in a protocol.
 *
 * @throws GatewayError `bad_input` for kept connections of other protocols than FastCGI, for a CGI
 * program, and for variables that cannot be sent; `limit_exceeded`
 */
export function encodeOnce(protocol: ClientProtocol, request: RepeatedRequest): WireRequest {
  const { variables, body, keep } = request;
  if (keep && protocol !== Protocol.FastCgi) {
    throw new GatewayError(
      ErrorCode.BadInput,
      `${protocol} has a connection for each request: there is none to keep`,
    );
  }
  switch (protocol) {
    case Protocol.FastCgi: {
      const prepared = prepareRequest({ variables, keepConnection: keep });
      const records = streamRecords(RecordType.Stdin, prepared.requestId, body);
      return {
        bytes: [concat([...prepared.opening, ...records, ...prepared.endOfBody])],
        machine: (handlers) => new FastCgiClient(prepared, handlers),
      };
    }
    case Protocol.Scgi:
      return untilClose(encodeRequest(variables, body.length), body);
    case Protocol.Uwsgi:
      return untilClose(encodePacket({ variables }), body);
    case Protocol.Cgi:
      throw new GatewayError(ErrorCode.BadInput, "a CGI program has no socket to load", {
        hint: "give the address of a FastCGI, SCGI or uwsgi server",
      });
  }
}

function untilClose(head: Uint8Array, body: Uint8Array): WireRequest {
  return {
    bytes: [concat([head, body])],
    machine: (handlers) => new UntilCloseClient(noBytes, handlers),
  };
}
