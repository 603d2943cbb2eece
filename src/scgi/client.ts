import type { ClientHandlers } from "../cgi/client-machine.js";
import { UntilCloseClient } from "../cgi/until-close-client.js";
import type { Variable } from "../cgi/variables.js";
import type { Engine } from "../engine/engine.js";
import { encodeRequest } from "./encode.js";

export interface ScgiClientRequest {
  variables: Iterable<Variable>;
  /** The body's length in bytes. */
  contentLength: number;
}

/**
 * One SCGI request, without I/O.
 *
 * @throws GatewayError `bad_input` or `limit_exceeded`, see {@link encodeRequest}
 */
export function createScgiClient(
  request: ScgiClientRequest,
  handlers: ClientHandlers,
  options: { variables?: number | undefined; engine?: Engine | undefined } = {},
): UntilCloseClient {
  const { variables, contentLength } = request;
  const head = encodeRequest(variables, contentLength, options.variables);
  return new UntilCloseClient(head, handlers, options.engine);
}
