import { Protocol } from "../../../src/address.js";
import type { Variable } from "../../../src/cgi/variables.js";
import type { WsgiEnviron } from "../../../src/server/adapters/wsgi.js";
import { fromWsgi, type WsgiApplication } from "../../../src/server/adapters/wsgi.js";
import { makeContext } from "../context.js";

export const url = "http://example.com/a%20b?c=d";
/** The headers of a plain text. */
export const plain = [["Content-Type", "text/plain"]] as const;

/** Runs a WSGI application for one request. */
export async function run(
  application: WsgiApplication,
  variables: Variable[] = [],
  init: RequestInit = {},
): Promise<Response> {
  return fromWsgi(application)(new Request(url, init), makeContext(variables));
}

/** The environ that an application receives for a request. */
export async function environOf(
  variables: Variable[],
  init?: RequestInit,
  protocol: Protocol = Protocol.Scgi,
): Promise<WsgiEnviron> {
  let seen: WsgiEnviron | undefined;
  const handler = fromWsgi((environ, startResponse) => {
    seen = environ;
    startResponse("200 OK", []);
    return [];
  });
  await handler(new Request(url, init), makeContext(variables, { protocol }));
  return seen as WsgiEnviron;
}
