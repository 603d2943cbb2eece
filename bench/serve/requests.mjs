import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../lib/packages.mjs";

const module = (path) => import(pathToFileURL(join(root, "dist", path)).href);

/** What nginx 1.22 sends for a GET of curl's. */
export const variables = Object.entries({
  SCRIPT_FILENAME: "/srv/sample/www/echo.php",
  QUERY_STRING: "a=1&b=%20x",
  REQUEST_METHOD: "GET",
  CONTENT_TYPE: "",
  CONTENT_LENGTH: "",
  SCRIPT_NAME: "/echo.php",
  REQUEST_URI: "/t/echo.php?a=1&b=%20x",
  DOCUMENT_URI: "/echo.php",
  DOCUMENT_ROOT: "/srv/sample/www",
  SERVER_PROTOCOL: "HTTP/1.1",
  REQUEST_SCHEME: "http",
  GATEWAY_INTERFACE: "CGI/1.1",
  SERVER_SOFTWARE: "nginx/1.22.1",
  REMOTE_ADDR: "127.0.0.1",
  REMOTE_PORT: "60070",
  REMOTE_USER: "",
  SERVER_ADDR: "127.0.0.1",
  SERVER_PORT: "8201",
  SERVER_NAME: "",
  REDIRECT_STATUS: "200",
  HTTP_HOST: "127.0.0.1",
  HTTP_USER_AGENT: "curl/7.88.1",
  HTTP_ACCEPT: "*/*",
});

/** The bytes of one GET in a protocol. Of the three, FastCGI alone can keep the connection. */
export async function requestOf(protocol, kept = false) {
  switch (protocol) {
    case "fcgi": {
      const { encodeBeginRequest, endOfStream } = await module("fastcgi/encode.js");
      const { encodeParams } = await module("fastcgi/pairs.js");
      return Buffer.concat([
        encodeBeginRequest(1, 1, kept ? 1 : 0),
        encodeParams(1, variables, 65_536),
        endOfStream(5, 1),
      ]);
    }
    case "scgi": {
      const { encodeRequest } = await module("scgi/encode.js");
      return encodeRequest(variables, 0);
    }
    default: {
      const { encodePacket } = await module("uwsgi/encode.js");
      return encodePacket({ variables });
    }
  }
}
