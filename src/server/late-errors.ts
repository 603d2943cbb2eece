import { ErrorCode, GatewayError } from "../errors.js";

/** A connection has brought nothing, or half a request, and no more of it. */
export function lateHead(milliseconds: number): GatewayError {
  return new GatewayError(ErrorCode.Deadline, `no complete request within ${milliseconds} ms`, {
    hint: "a client, or a front end, that sends nothing, or half a request, is broken or hostile",
  });
}

/** A response waits for a peer that does not take it. */
export function lateWrite(milliseconds: number): GatewayError {
  return new GatewayError(
    ErrorCode.Deadline,
    `the client took nothing of the response for ${milliseconds} ms`,
    { hint: "the client, or the front end between, reads too slowly, or not at all" },
  );
}
