/** The constants of FastCGI 1.0. */
import { ErrorCode, GatewayError } from "../errors.js";

export const VERSION = 1;
/** Bytes of a record header. */
export const RECORD_HEADER_LENGTH = 8;
/**
 * The longest content that is sent: a multiple of 8, so that content and padding fit in 65,535
 * bytes.
 */
export const MAX_SENT_LENGTH = 65_528;
/** The request id of management records. */
export const NULL_REQUEST_ID = 0;

export const RecordType = {
  BeginRequest: 1,
  AbortRequest: 2,
  EndRequest: 3,
  Params: 4,
  Stdin: 5,
  Stdout: 6,
  Stderr: 7,
  Data: 8,
  GetValues: 9,
  GetValuesResult: 10,
  UnknownType: 11,
} as const;
export type RecordType = (typeof RecordType)[keyof typeof RecordType];

export const Role = { Responder: 1, Authorizer: 2, Filter: 3 } as const;
export type Role = (typeof Role)[keyof typeof Role];

/** A flag of BEGIN_REQUEST: the application leaves the connection open after its response. */
export const KEEP_CONN = 1;

/** The result of a request at the level of the protocol, in END_REQUEST (FastCGI 1.0 §5.5). */
export const ProtocolStatus = {
  RequestComplete: 0,
  CannotMultiplexConnection: 1,
  Overloaded: 2,
  UnknownRole: 3,
} as const;
export type ProtocolStatus = (typeof ProtocolStatus)[keyof typeof ProtocolStatus];

/** The error that a protocolStatus other than REQUEST_COMPLETE stands for. */
export function protocolStatusError(protocolStatus: number): GatewayError {
  switch (protocolStatus) {
    case ProtocolStatus.CannotMultiplexConnection:
      return new GatewayError(
        ErrorCode.CannotMultiplex,
        "the application refused a second request on one connection (FCGI_CANT_MPX_CONN)",
      );
    case ProtocolStatus.Overloaded:
      return new GatewayError(
        ErrorCode.Overloaded,
        "the application refused the request: it is overloaded (FCGI_OVERLOADED)",
      );
    case ProtocolStatus.UnknownRole:
      return new GatewayError(
        ErrorCode.UnknownRole,
        "the application refused the request's role (FCGI_UNKNOWN_ROLE)",
      );
    default:
      return new GatewayError(
        ErrorCode.Malformed,
        `END_REQUEST has the protocolStatus ${protocolStatus}, which FastCGI does not define`,
      );
  }
}
