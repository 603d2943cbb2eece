import { ErrorCode, GatewayError } from "../errors.js";
import { ProtocolStatus } from "./protocol.js";

/** The error that a protocolStatus stands for; undefined for REQUEST_COMPLETE. */
export function protocolStatusError(protocolStatus: number): GatewayError | undefined {
  switch (protocolStatus) {
    case ProtocolStatus.RequestComplete:
      return undefined;
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
