import type { Command } from "commander";
import type { FetchServerStatusOptions } from "../../../apache/fetch/fetch-status.js";
import { checkHeader, checkHost } from "../../../apache/fetch/status-headers.js";
import { parseTimespan } from "../../../apache/manager/quantities.js";
import { addDefine } from "../../../discovery/which-httpd.js";
import { ErrorCode, GatewayError } from "../../../errors.js";
import { timeoutOption } from "../../options.js";

/** Which configuration of httpd is read. */
export interface ConfigOptions {
  config?: string;
  define?: readonly string[];
}

export function addConfigOptions(command: Command): Command {
  return command
    .option("--config <file>", "httpd's configuration (default: found on this machine)")
    .option("--define <name>", "a name that httpd was started with (-D); repeatable", addDefine);
}

/** Which master process of httpd is meant. */
export function addMasterOption(command: Command): Command {
  return command.option("--master <pid>", "the pid of httpd's master, or its PidFile");
}

/** Which httpd is meant. */
export interface HttpdOptions extends PageRequestOptions, ConfigOptions {
  master?: string;
  timeout?: number;
}

/** What help texts say of these options. */
export const httpdHelp = `Without a URL, the page is found in the configuration of httpd on this machine.
The processes are those of the httpd that answered. Give --master where it
cannot be found: in a container, or while the page does not answer. A redirect
to another server is refused: its workers run elsewhere.`;

/** The argument URL, and the options for which httpd is meant. */
export function addHttpdOptions(command: Command): Command {
  addPageOptions(command.argument("[URL]", "its status page"));
  return addMasterOption(addConfigOptions(command)).addOption(timeoutOption("apachePage"));
}

type Header = readonly [name: string, value: string];

/** How a status page is requested. */
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

/** @throws GatewayError `bad_input` */
export function parseHost(name: string): string {
  checkHost(name);
  return name;
}

/** Adds `NAME=value`; the bytes of the value are those of the command line.
 * @throws GatewayError `bad_input` */
export function addPageHeader(text: string, fields: readonly Header[] = []): readonly Header[] {
  const equals = text.indexOf("=");
  if (equals < 1) {
    throw new GatewayError(ErrorCode.BadInput, `${JSON.stringify(text)} is not NAME=value`, {
      hint: "as in --header X-Forwarded-Proto=https",
    });
  }
  const value = Buffer.from(text.slice(equals + 1)).toString("latin1");
  const field = [text.slice(0, equals), value] as const;
  checkHeader(...field);
  return [...fields, field];
}

/** The same, as the options of a request for a page. */
export function pageRequest({
  host,
  header: headers,
  insecure,
}: PageRequestOptions): Pick<FetchServerStatusOptions, "headers" | "host" | "insecure"> {
  return { host, headers, insecure };
}

/** `--hanging-after`. */
export function addHangingAfter(command: Command): Command {
  const text = "time on one request from which on a worker hangs (default: 5m)";
  return command.option("--hanging-after <time>", text, parseTimespan);
}
