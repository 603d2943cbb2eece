import type { Command } from "commander";
import { bridge } from "../gateway/bridge.js";
import type { ExitCode } from "./exit-codes.js";
import type { Io } from "./io.js";
import { parseDuration } from "./parse-values.js";

interface BridgeCommandOptions {
  timeout?: number;
}

const help = `
A CGI program: the environment and standard input are the request, and the
answer of the backend goes to standard output. A connection that is refused is
tried again after 1, 2, 4 and 8 seconds: a backend that restarts is worth it.

Exit status: 0, what the application reported, or 1 when the answer is not
complete; the client is told with 502 or 504.

Examples:
  fcgi-probe bridge scgi://127.0.0.1:4000
  fcgi-probe bridge unix:/run/php/php8.2-fpm.sock

As a script of a web server:
  #!/bin/sh
  exec fcgi-probe bridge uwsgi://127.0.0.1:3031
`;

export function defineBridge(command: Command, io: Io, finish: (exitCode: ExitCode) => void): void {
  command
    .argument("<TARGET>", "the address of the backend")
    .option("--timeout <time>", "until the answer must be complete (default: 5m)", parseDuration)
    .addHelpText("after", help)
    .action(async (target: string, { timeout }: BridgeCommandOptions) => {
      finish((await bridge(target, { timeout, signal: io.signal })) as ExitCode);
    });
}
