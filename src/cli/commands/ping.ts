import type { Command } from "commander";
import { Protocol } from "../../address.js";
import { targetAddress } from "../../client/connect.js";
import { pingPage } from "../../client/ping-page.js";
import { uwsgiPing } from "../../client/uwsgi-ping.js";
import { ErrorCode, GatewayError } from "../../errors.js";
import { type FleetResult, type Probe, probeAll } from "../../fleet/probe.js";
import { ping } from "../../phpfpm/status.js";
import { visible } from "../../terminal/text.js";
import { formatMilliseconds } from "../../terminal/units.js";
import { ExitCode, worstStatusHelp } from "../exit-codes.js";
import type { Io } from "../io.js";
import {
  formatOption,
  jsonOption,
  noTargetHelp,
  pathOption,
  poolTargets,
  quietOption,
  timeoutOption,
  timeoutOr,
  verboseOption,
} from "../options.js";
import { Failures } from "../reports/failures.js";
import { resultJson } from "../reports/round.js";

const pingFormats = ["text", "json", "ndjson"] as const;

interface PingCommandOptions {
  path?: string;
  timeout?: number;
  format?: (typeof pingFormats)[number];
  verbose?: true;
  quiet?: true;
}

/** What a target answered. */
interface Pong {
  readonly reply: string;
}

const help = `
A pool answers pings when its configuration has ping.path = /ping. SCGI has no
ping of its own, so a scgi:// target is asked for the page, too: fcgi-probe
serve has one with --ping-path /ping. A uwsgi:// target without a path is asked
by the ping of its protocol, which a free worker answers without running the
application.

Formats:
  text    the default: a line per target, in the order of the answers
  json    an array of objects in this order; elapsed is in milliseconds
  ndjson  the same objects, one per line, as they come in

${noTargetHelp}

${worstStatusHelp}

Examples:
  fcgi-probe ping unix:/run/php/php8.2-fpm.sock
  fcgi-probe ping --quiet --timeout 500ms 127.0.0.1:9000/ping 127.0.0.1:9001/ping
  fcgi-probe ping uwsgi://127.0.0.1:3031
`;

export function definePing(command: Command, io: Io, finish: (exitCode: ExitCode) => void): void {
  command
    .argument("[TARGET...]", "addresses of pools and servers")
    .addOption(formatOption(pingFormats))
    .addOption(jsonOption())
    .addOption(pathOption("ping", "/ping"))
    .addOption(timeoutOption("status"))
    .addOption(verboseOption())
    .addOption(quietOption("show only what failed"))
    .addHelpText("after", help)
    .action(async (targets: string[], options: PingCommandOptions) => {
      finish(await runPing(await poolTargets(targets, "ping", io), options, io));
    });
}

async function runPing(
  targets: readonly string[],
  options: PingCommandOptions,
  io: Io,
): Promise<ExitCode> {
  const timeout = timeoutOr(options.timeout, "status");
  const limits = { timeout, retries: 0, signal: io.signal };
  const { format = "text", quiet, verbose } = options;
  const failures = new Failures(io, { nouns: ["target", "targets"], verbose });
  const objects: object[] = [];
  for await (const result of probeAll(targets, pingProbe(options.path), limits)) {
    if (io.signal.aborted) return ExitCode.Interrupted;
    if (!result.ok) await io.stderr.writeLines(failures.add(result.target, result.error));
    if (quiet) continue;
    if (format === "text") await io.stdout.write(pongLine(result));
    else if (format === "json") objects.push(resultJson(result, new Date()));
    else await io.stdout.write(`${JSON.stringify(resultJson(result, new Date()))}\n`);
  }
  if (io.signal.aborted) return ExitCode.Interrupted;
  if (format === "json" && !quiet) {
    await io.stdout.write(`${JSON.stringify(objects, undefined, 2)}\n`);
  }
  await io.stderr.writeLines(failures.lines(targets.length - failures.count));
  return failures.exitCode;
}

/** A probe that asks each target as its protocol does. A given path replaces that of the address. */
function pingProbe(path: string | undefined): Probe<Pong> {
  return async (target, limits) => {
    const address = targetAddress(target);
    const page = path ?? address.path;
    switch (address.protocol) {
      case Protocol.FastCgi:
        return { reply: await ping({ ...address, path: page }, limits) };
      case Protocol.Scgi:
        return { reply: await pingPage(address, { ...limits, path: page ?? "/ping" }) };
      case Protocol.Uwsgi:
        if (page !== undefined)
          return { reply: await pingPage(address, { ...limits, path: page }) };
        await uwsgiPing(address, limits);
        return { reply: "pong" };
      case Protocol.Cgi:
        throw new GatewayError(ErrorCode.BadAddress, "a CGI program has no ping", {
          address: target,
          hint: `send a request instead: fcgi-probe request ${target} --path /`,
        });
    }
  };
}

function pongLine(result: FleetResult<Pong>): string {
  if (!result.ok) return "";
  const { target, value, elapsed } = result;
  return `${visible(target)}: ${visible(value.reply.trim())} (${formatMilliseconds(elapsed)})\n`;
}
