import { type Discovery, discover } from "../../apache/discovery.js";
import { GatewayError } from "../../errors.js";

/** The URL of the page of this machine's httpd.
 * @throws GatewayError `bad_input` where there is none */
export function discoverStatusUrl(config: string | undefined): string {
  return discoverHttpd(config).statusUrl;
}

/** What this machine's configuration of httpd says, or the error that tells how to go on.
 * @throws GatewayError `bad_input` */
export function discoverHttpd(config: string | undefined): Discovery {
  try {
    return discover({ file: config });
  } catch (error) {
    if (!(error instanceof GatewayError) || config !== undefined) throw error;
    throw new GatewayError(error.code, error.message, {
      hint: "give a URL, as in http://127.0.0.1/server-status, or --config and httpd's file",
      cause: error,
    });
  }
}
