import type { Command } from "commander";
import type { FetchServerStatusOptions } from "../../../apache/fetch/fetch-status.js";
import { checkHeader, checkHost } from "../../../apache/fetch/status-headers.js";
import { addDefine } from "../../../discovery/discover-httpd.js";
import { ErrorCode, GatewayError } from "../../../errors.js";
import { parseDuration } from "../../parse-values.js";

/** The options that say which httpd is meant. */
export interface HttpdOptions extends PageOptions {
  config?: string;
  define?: readonly string[];
  master?: string;
  timeout?: number;
}

/** What the help of such a command says of them. */
export const httpdHelp = `Without a URL, httpd's configuration on this machine says where its page is. Its
processes are those of the httpd that has answered; --master says which it is
where that is not to be seen: in a container, or while the page does not answer.
A redirect to another server is refused: its workers are not this httpd's.`;

/** Gives a command the options that say which httpd is meant. */
export function addHttpdOptions(command: Command): Command {
  return addPageOptions(command)
    .option("--config <file>", "httpd's configuration, where no URL is given")
    .option("--define <name>", "a name it was started with (-D); again for more", addDefine)
    .option("--master <pid>", "the pid of httpd's master, or its PidFile")
    .option("--timeout <time>", "until each page must be here (default: 10s)", parseDuration);
}

type Header = readonly [name: string, value: string];

/** The options that say how a status page is asked for. */
export interface PageOptions {
  host?: string;
  header?: readonly Header[];
  insecure?: true;
}

/** Gives a command the options that say how a status page is asked for. */
export function addPageOptions(command: Command): Command {
  return command
    .option("--host <name>", "the host to ask for, at the URL's address", parseHost)
    .option("--header <name=value>", "a header field; again for more", addPageHeader)
    .option("--insecure", "accept any certificate");
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

/** What they mean for the request of a page. */
export function requestOf({
  host,
  header: headers,
  insecure,
}: PageOptions): Pick<FetchServerStatusOptions, "headers" | "host" | "insecure"> {
  return { host, headers, insecure };
}
