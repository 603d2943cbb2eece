import { ErrorCode, GatewayError } from "../../errors.js";

/** What is wrong with bytes that Node's parser has refused. */
export function unreadable(error: NodeJS.ErrnoException): GatewayError {
  const { code, message } = error;
  if (code === "HPE_HEADER_OVERFLOW" || code === "HPE_CHUNK_EXTENSIONS_OVERFLOW") {
    return new GatewayError(ErrorCode.LimitExceeded, `an HTTP request is too large: ${message}`, {
      cause: error,
    });
  }
  if (code === "HPE_INVALID_EOF_STATE") return endInside();
  return new GatewayError(ErrorCode.Malformed, `what came is no HTTP request: ${message}`, {
    cause: error,
    hint: "the client speaks another protocol, or TLS, or breaks HTTP's rules",
  });
}

/** The client has closed its side too soon. */
export function endInside(): GatewayError {
  return new GatewayError(ErrorCode.Truncated, "the client left in the middle of its request");
}
