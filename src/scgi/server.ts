import { OneRequestServer } from "../cgi/one-request-server.js";
import type { ServerHandlers } from "../cgi/server-machine.js";
import type { Engine } from "../engine/engine.js";
import { defaultLimits, type Limits } from "../limits.js";
import { ScgiRequestDecoder } from "./codec.js";

export interface ScgiServerOptions {
  limits?: Partial<Pick<Limits, "variables">> | undefined;
  /** Demands all that SCGI does of a request, see {@link ScgiRequestDecoder}. Default false. */
  strict?: boolean | undefined;
  engine?: Engine | undefined;
}

/** The application's side of an SCGI connection, without I/O. It answers as CGI programs do. */
export function createScgiServer(
  handlers: ServerHandlers,
  options: ScgiServerOptions = {},
): OneRequestServer {
  const { engine, strict } = options;
  const limit = options.limits?.variables ?? defaultLimits.variables;
  const decoder = new ScgiRequestDecoder({ limit, strict }, engine);
  return new OneRequestServer(decoder, handlers, "status-field");
}
