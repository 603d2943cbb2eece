import type { Command } from "commander";
import { bridge } from "../../client/bridge.js";
import { MAX_ENVIRONMENT } from "../../limits.js";
import type { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import { nameOptions } from "../name-options.js";
import { parseDuration } from "../parse-values.js";

interface BridgeCommandOptions {
  env?: string[];
  timeout?: number;
}

const help = `
A CGI program: the environment and standard input are the request, and the
answer of the backend goes to standard output. A connection that is refused is
tried again after 1, 2, 4 and 8 seconds: a backend that restarts is worth it.

The backend gets the variables of RFC 3875, those that web servers add to them
(REQUEST_URI, SCRIPT_FILENAME, DOCUMENT_ROOT, HTTPS, REMOTE_PORT, SERVER_ADDR and
the like), and HTTP_* without HTTP_PROXY, which a client can set. Nothing else of
the environment is forwarded but what --env names.

Exit status: 0, what the application reported, or 1 when the answer is not
complete; the client is told with 502 or 504.

Examples:
  fcgi-probe bridge --env SSL_CLIENT_S_DN scgi://127.0.0.1:4000
  fcgi-probe bridge unix:/run/php/php8.2-fpm.sock

As a script of a web server:
  #!/bin/sh
  exec fcgi-probe bridge uwsgi://127.0.0.1:3031
`;

export function defineBridge(command: Command, io: Io, finish: (exitCode: ExitCode) => void): void {
  command
    .argument("<TARGET>", "the address of the backend")
    .option("--env <NAME>", "forward this variable, too; again for more", names)
    .option("--timeout <time>", "until the answer must be complete (default: 5m)", parseDuration)
    .addHelpText("after", help)
    .action(async (target: string, { env, timeout }: BridgeCommandOptions) => {
      const limits = { variables: MAX_ENVIRONMENT };
      finish(
        (await bridge(target, { forward: env, timeout, signal: io.signal, limits })) as ExitCode,
      );
    });
  nameOptions(command);
}

function names(name: string, before: readonly string[] = []): string[] {
  return [...before, name];
}
