import type { Command } from "commander";
import type { FetchStatusOptions } from "../../../apache/fetch/fetch-status.js";
import { checkHeader, checkHost } from "../../../apache/fetch/status-headers.js";
import { ErrorCode, GatewayError } from "../../../errors.js";

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
}: PageOptions): Pick<FetchStatusOptions, "headers" | "host" | "insecure"> {
  return { host, headers, insecure };
}
