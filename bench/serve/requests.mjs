import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../lib/package.mjs";

const module = (path) => import(pathToFileURL(join(root, "dist", path)).href);

/** The variables that nginx 1.22 sends for a GET by curl. */
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

/** The bytes of one GET in a protocol. Only FastCGI can keep the connection. */
export async function requestOf(protocol, kept = false) {
  const { head, end } = await framed(protocol, variables, 0, kept);
  return Buffer.concat([head, end]);
}

const CHUNK_LENGTH = 65_536;
const CHUNKS = 16_384;

/** A POST of 1 GB: `chunk` is sent `times` times after the head. `raw` has no protocol. */
export async function uploadOf(protocol) {
  const header = protocol === "fcgi" ? 8 : 0;
  const contentLength = CHUNK_LENGTH - header;
  const length = CHUNKS * contentLength;
  const changed = { REQUEST_METHOD: "POST", CONTENT_LENGTH: String(length) };
  const posted = variables.map(([name, value]) => [name, changed[name] ?? value]);
  const chunk = Buffer.alloc(CHUNK_LENGTH, 97);
  if (header > 0) chunk.set([1, 5, 0, 1, contentLength >> 8, contentLength & 0xff, 0, 0]);
  return { ...(await framed(protocol, posted, length, false)), chunk, times: CHUNKS, length };
}

/** The bytes before a request's body, and after it. */
async function framed(protocol, variables, length, kept) {
  const nothing = Buffer.alloc(0);
  switch (protocol) {
    case "raw":
      return { head: nothing, end: nothing };
    case "fcgi": {
      const { encodeBeginRequest, endOfStream } = await module("fastcgi/encode.js");
      const { encodeParams } = await module("fastcgi/encode.js");
      const begin = encodeBeginRequest(1, 1, kept ? 1 : 0);
      const head = Buffer.concat([begin, encodeParams(1, variables, 65_536)]);
      return { head, end: endOfStream(5, 1) };
    }
    case "scgi": {
      const { encodeRequest } = await module("scgi/client.js");
      return { head: encodeRequest(variables, length), end: nothing };
    }
    default: {
      const { encodePacket } = await module("uwsgi/encode.js");
      return { head: encodePacket({ variables }), end: nothing };
    }
  }
}
