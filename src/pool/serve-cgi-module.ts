import { ErrorCode, GatewayError } from "../errors.js";
import { type ServeCgiOptions, serveCgi } from "../server/serve-cgi.js";
import { dropClientProxy } from "../transport/environment.js";
import { loadApplication } from "./load-application.js";

/**
 * Loads an application's module and answers one request with it, as a CGI program.
 *
 * @returns the exit code of {@link serveCgi}
 * @throws GatewayError `bad_input` when the module cannot be loaded, or serves connections
 */
export async function serveCgiModule(module: string, options: ServeCgiOptions): Promise<number> {
  // The application may look for its proxy while it is loaded.
  dropClientProxy();
  const application = await loadApplication(module);
  if (typeof application === "object" && "connection" in application) {
    throw new GatewayError(ErrorCode.BadInput, "a CGI program has no connection to serve");
  }
  return serveCgi(application, options);
}
