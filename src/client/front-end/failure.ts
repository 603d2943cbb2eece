import { reasonPhrases } from "../../cgi/http.js";
import { ErrorCode, GatewayError } from "../../errors.js";

/** What a front end answers where its backend does not, by the code of the error; else 502. */
const statuses: ReadonlyMap<ErrorCode, number> = new Map([
  [ErrorCode.Deadline, 504],
  [ErrorCode.ConnectTimeout, 504],
  [ErrorCode.Overloaded, 503],
  [ErrorCode.BacklogFull, 503],
  [ErrorCode.ServerBusy, 503],
  // The caller's own mistake: options, or variables.
  [ErrorCode.BadInput, 500],
]);

/** The status of a failed request, as nginx chooses it. */
export function failureStatus(error: unknown, request: Request): number {
  if (!(error instanceof GatewayError)) return 500;
  const isMeasured = request.body === null || request.headers.has("content-length");
  if (error.code === ErrorCode.LimitExceeded && !isMeasured) return 413;
  return statuses.get(error.code) ?? 502;
}

/** An answer of this side's own: the reason of its status, or `text`, as a line. */
export function plainResponse(status: number, text = reasonPhrases.get(status)): Response {
  const headers = { "content-type": "text/plain; charset=utf-8" };
  return new Response(`${text}\n`, { status, headers });
}
