import { spawn } from "node:child_process";
import { requireServer } from "./servers.js";

export interface CgiFcgiResult {
  /** The CGI response: head, empty line, body. */
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly exitCode: number | null;
}

/**
 * Sends one request with libfcgi's `cgi-fcgi`, the reference client.
 *
 * @param bareAddress a socket's path or `host:port`
 * @param variables the CGI variables; nothing else of our environment is sent
 */
export function cgiFcgi(
  bareAddress: string,
  variables: Readonly<Record<string, string>>,
  body: string | Uint8Array = "",
): Promise<CgiFcgiResult> {
  const child = spawn(requireServer("cgi-fcgi"), ["-bind", "-connect", bareAddress], {
    env: { ...variables },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const stdout: Buffer[] = [];
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  // It may end before it has read the body.
  child.stdin.on("error", () => {});
  child.stdin.end(body);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode) => resolve({ stdout: Buffer.concat(stdout), stderr, exitCode }));
  });
}

/** GETs a page that php-fpm makes itself, such as `/status?full`. */
export function cgiFcgiPage(bareAddress: string, page: string): Promise<CgiFcgiResult> {
  const [path = "", query = ""] = page.split("?", 2);
  return cgiFcgi(bareAddress, {
    REQUEST_METHOD: "GET",
    SCRIPT_NAME: path,
    SCRIPT_FILENAME: path,
    REQUEST_URI: page,
    QUERY_STRING: query,
  });
}

/** Splits a CGI response at its first empty line. */
export function splitResponse(stdout: Buffer): { readonly head: string; readonly body: Buffer } {
  const end = stdout.indexOf("\r\n\r\n");
  return { head: stdout.subarray(0, end).toString("latin1"), body: stdout.subarray(end + 4) };
}
