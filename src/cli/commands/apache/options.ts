import type { Command } from "commander";
import type { FetchServerStatusOptions } from "../../../apache/fetch/fetch-status.js";
import { checkHeader, checkHost } from "../../../apache/fetch/status-headers.js";
import { parseTimespan } from "../../../apache/manager/quantities.js";
import { addDefine } from "../../../discovery/which-httpd.js";
import { ErrorCode, GatewayError } from "../../../errors.js";
import { timeoutOption } from "../../options.js";

/** The options for which configuration of httpd to read. */
export interface ConfigOptions {
  config?: string;
  define?: readonly string[];
}

export function addConfigOptions(command: Command): Command {
  return command
    .option("--config <file>", "httpd's configuration (default: found on this machine)")
    .option("--define <name>", "a name that httpd was started with (-D); repeatable", addDefine);
}

/** Adds `--master`. */
export function addMasterOption(command: Command): Command {
  return command.option("--master <pid>", "the pid of httpd's master, or its PidFile");
}

/** The options of commands that need httpd's page and its processes. */
export interface HttpdOptions extends PageRequestOptions, ConfigOptions {
  master?: string;
  timeout?: number;
}

/** What help texts say of these options. */
export const httpdHelp = `Without a URL, the page is found in the configuration of httpd on this machine.
The processes are those of the httpd that answered. Give --master where it
cannot be found: in a container, or while the page does not answer. A redirect
to another server is refused: its workers run elsewhere.`;

/** Adds the argument URL and the options of {@link HttpdOptions}. */
export function addHttpdOptions(command: Command): Command {
  addPageOptions(command.argument("[URL]", "its status page"));
  return addMasterOption(addConfigOptions(command)).addOption(timeoutOption("apachePage"));
}

type Header = readonly [name: string, value: string];

/** The options for how to request a status page. */
export interface PageRequestOptions {
  host?: string;
  header?: readonly Header[];
  insecure?: true;
}

export function addPageOptions(command: Command): Command {
  return command
    .option("--host <name>", "the Host to request, at the address of the URL", parseHost)
    .option("--header <name=value>", "a header field to send; repeatable", addPageHeader)
    .option("--insecure", "accept any TLS certificate");
}

/**
 * Reads the value of `--host`.
 *
 * @throws GatewayError `bad_input`
 */
export function parseHost(name: string): string {
  checkHost(name);
  return name;
}

/**
 * Adds a header field, from `NAME=value`. The value is sent byte for byte.
 *
 * @throws GatewayError `bad_input`
 */
export function addPageHeader(text: string, fields: readonly Header[] = []): readonly Header[] {
  const equals = text.indexOf("=");
  if (equals < 1) {
    throw new GatewayError(ErrorCode.BadInput, `${JSON.stringify(text)} is not NAME=value`, {
      hint: "write it as in --header X-Forwarded-Proto=https",
    });
  }
  const value = Buffer.from(text.slice(equals + 1)).toString("latin1");
  const field = [text.slice(0, equals), value] as const;
  checkHeader(...field);
  return [...fields, field];
}

/** Turns {@link PageRequestOptions} into the options of a request for a page. */
export function pageRequest({
  host,
  header: headers,
  insecure,
}: PageRequestOptions): Pick<FetchServerStatusOptions, "headers" | "host" | "insecure"> {
  return { host, headers, insecure };
}

/** Adds `--hanging-after`. */
export function addHangingAfter(command: Command): Command {
  const text = "time on one request after which a worker hangs (default: 5m)";
  return command.option("--hanging-after <time>", text, parseTimespan);
}
