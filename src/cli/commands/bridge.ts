import type { Command } from "commander";
import { bridge } from "../../client/bridge.js";
import { MAX_ENVIRONMENT } from "../../limits.js";
import type { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import { repeatable, timeoutOption, timeoutOr } from "../options.js";

interface BridgeCommandOptions {
  env?: string[];
  timeout?: number;
}

const help = `
Runs as a CGI program: the request is in the environment and on standard input,
and the response of the backend goes to standard output. A refused connection is
tried again after 1, 2, 4 and 8 seconds, so that a backend may restart.

The backend gets the variables of RFC 3875, those that web servers add
(REQUEST_URI, SCRIPT_FILENAME, DOCUMENT_ROOT, HTTPS, REMOTE_PORT, SERVER_ADDR
and others), and HTTP_* but not HTTP_PROXY, which a client can set. Any other
variable of the environment is forwarded only when --env names it.

Exit status: that of the application (0 is success), or 1 when the response is
not complete. The client then gets a 502 or a 504, if nothing was sent before.
130 means that Ctrl-C interrupted it.

Examples:
  fcgi-probe bridge --env SSL_CLIENT_S_DN scgi://127.0.0.1:4000
  fcgi-probe bridge unix:/run/php/php8.2-fpm.sock

As a script of a web server:
  #!/bin/sh
  exec fcgi-probe bridge uwsgi://127.0.0.1:3031
`;

export function defineBridge(command: Command, io: Io, finish: (exitCode: ExitCode) => void): void {
  const asName = repeatable((name: string) => name);
  command
    .argument("<TARGET>", "the address of the backend")
    .option("--env <NAME>", "also forward this variable; repeatable", asName)
    .addOption(timeoutOption("bridge"))
    .addHelpText("after", help)
    .action(async (target: string, { env, timeout: given }: BridgeCommandOptions) => {
      const timeout = timeoutOr(given, "bridge");
      const limits = { variables: MAX_ENVIRONMENT };
      const options = { forward: env, timeout, signal: io.signal, limits };
      finish((await bridge(target, options)) as ExitCode);
    });
}
