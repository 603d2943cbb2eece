import { parseArgs } from "node:util";
import type { Command } from "commander";
import { ErrorCode, GatewayError } from "../../errors.js";
import { type Health, healthcheck } from "../../phpfpm/healthcheck.js";
import { visible } from "../../terminal/text.js";
import { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import { parseDuration } from "../parse-values.js";
import { errorLines } from "../report-error.js";

/** What the command needs of a process. It ends by itself within its deadline. */
type HealthcheckIo = Pick<Io, "env" | "stdout" | "stderr">;

/** The options of php-fpm-healthcheck, and the fields of the status page that they limit. */
const limitOptions = {
  "accepted-conn": "acceptedConn",
  "listen-queue": "listenQueue",
  "max-listen-queue": "maxListenQueue",
  "listen-queue-len": "listenQueueLen",
  "idle-processes": "idleProcesses",
  "active-processes": "activeProcesses",
  "total-processes": "totalProcesses",
  "max-active-processes": "maxActiveProcesses",
  "max-children-reached": "maxChildrenReached",
  "slow-requests": "slowRequests",
} as const;
type LimitOption = keyof typeof limitOptions;
const limitNames = Object.keys(limitOptions) as LimitOption[];

/** Less than the second that kubelet gives a probe, with time for Node to start. */
const DEFAULT_TIMEOUT = "700ms";

/** The options of the help and of the manual. */
const shownOptions: readonly (readonly [flags: string, text: string])[] = [
  ...limitNames.map((name) => [`--${name} <n>`, "fail if it is over n"] as const),
  ["--busy <ok|fail>", "what a pool without a free worker is (default: ok)"],
  ["-t, --timeout <time>", `how long the check may take (default: ${DEFAULT_TIMEOUT})`],
  ["-v, --verbose", "also print the status"],
];

const notes = `Checks once that a pool is alive. TARGET is the address of a pool. Takes the
options and variables of php-fpm-healthcheck.

A pool that accepts connections and has no worker to answer is busy, not dead:
--busy ok is for liveness, --busy fail for readiness.

Variables:
  FCGI_CONNECT      the address without TARGET (default: localhost:9000)
  FCGI_STATUS_PATH  the path of the status page (default: /status)

Exit status: 0 alive, 1 not, or bad input.

Examples:
  fcgi-probe healthcheck unix:/run/php/www.sock
  fcgi-probe healthcheck --busy fail --listen-queue 10 127.0.0.1:9000/status`;

const help = `Usage: fcgi-probe healthcheck [options] [TARGET]

Options:
${[...shownOptions, ["-h, --help", "show this help"]]
  .map(([flags = "", text]) => `  ${flags.padEnd(28)}${text}`)
  .join("\n")}

${notes}
`;

/** Gives a command the options, for its manual. The check reads its arguments itself. */
export function defineHealthcheck(command: Command): void {
  command.usage("[options] [TARGET]").addHelpText("after", notes);
  for (const [flags, text] of shownOptions) command.option(flags, text);
}

/** Runs `fcgi-probe healthcheck`. It loads little: an orchestrator runs it every few seconds. */
export async function runHealthcheck(
  args: readonly string[],
  io: HealthcheckIo,
): Promise<ExitCode> {
  try {
    const { values, target } = readArguments(args);
    if (values.help === true) {
      await io.stdout.write(help);
      return ExitCode.Fine;
    }
    const limits = limitNames.flatMap((name) => {
      const text = values[name];
      return text === undefined ? [] : [[limitOptions[name], wholeNumber(name, text)] as const];
    });
    const health = await healthcheck(target ?? (io.env["FCGI_CONNECT"] || "localhost:9000"), {
      path: io.env["FCGI_STATUS_PATH"] || "/status",
      timeout: parseDuration(values.timeout ?? DEFAULT_TIMEOUT),
      limits: new Map(limits),
    });
    return await report(health, values, io);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    await io.stderr.writeLines(errorLines(error, io.stderr.style));
    return ExitCode.NotConnected;
  }
}

interface Values extends Partial<Record<LimitOption | "busy" | "timeout", string>> {
  readonly help?: boolean;
  readonly verbose?: boolean;
}

function readArguments(args: readonly string[]): { values: Values; target: string | undefined } {
  const text = { type: "string" } as const;
  const options = {
    ...Object.fromEntries(limitNames.map((name) => [name, text])),
    busy: text,
    timeout: { ...text, short: "t" },
    verbose: { type: "boolean", short: "v" },
    help: { type: "boolean", short: "h" },
  } as const;
  let read: { values: Values; positionals: string[] };
  try {
    read = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const [message = ""] = (error as Error).message.split(/[.\n]/);
    throw badInput(message);
  }
  const { values, positionals } = read;
  if (positionals.length > 1) throw badInput("healthcheck takes one TARGET");
  if (values.busy !== undefined && values.busy !== "ok" && values.busy !== "fail") {
    throw badInput(`--busy is "${values.busy}", not ok or fail`);
  }
  return { values, target: positionals[0] };
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw badInput(`--${name} is "${text}", not a whole number`);
  return Number(text);
}

function badInput(message: string): GatewayError {
  const hint = "see fcgi-probe healthcheck --help";
  return new GatewayError(ErrorCode.BadInput, message, { hint });
}

async function report(health: Health, values: Values, io: HealthcheckIo): Promise<ExitCode> {
  if ("error" in health) {
    const isFine = health.state === "busy" && values.busy !== "fail";
    if (!isFine || values.verbose === true) {
      const [first = "", ...rest] = errorLines(health.error, io.stderr.style);
      await io.stderr.writeLines([health.state === "busy" ? `${first} (busy)` : first, ...rest]);
    }
    return isFine ? ExitCode.Fine : ExitCode.NotConnected;
  }
  const { status } = health;
  if (values.verbose === true) {
    const shown = limitNames.map((name) => `${name}: ${status[limitOptions[name]] ?? "-"}\n`);
    await io.stdout.write(`pool: ${visible(status.pool ?? "-")}\n${shown.join("")}`);
  }
  if (health.state === "healthy") return ExitCode.Fine;
  const over = limitNames.filter((name) => health.fields.includes(limitOptions[name]));
  await io.stderr.writeLines(
    over.map((name) => {
      return `fcgi-probe: ${name} is ${status[limitOptions[name]]}, over ${values[name]}`;
    }),
  );
  return ExitCode.NotConnected;
}
