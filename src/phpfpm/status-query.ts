import type { StatusFormat } from "../status-page/write-page.js";

export interface StatusPageOptions {
  /** Asks for the processes as well. Default false. */
  full?: boolean | undefined;
  /** The form to ask for. Default `text`, the fastest to read and the one that every version has. */
  format?: StatusFormat | undefined;
  /** The page's path when the address has none. Default `/status`. */
  path?: string | undefined;
}

/** The query that asks for a form of the status page. */
export function statusQuery({ full, format = "text" }: StatusPageOptions): string {
  const words: string[] = format === "text" ? [] : [format];
  if (full === true) words.push("full");
  return words.join("&");
}
