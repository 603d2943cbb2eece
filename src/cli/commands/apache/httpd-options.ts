import type { Command } from "commander";
import { addDefine } from "../../../discovery/discover-httpd.js";
import { parseDuration } from "../../parse-values.js";
import { addPageOptions, type PageOptions } from "./page-options.js";

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
