import type { UnknownField } from "./server-status.js";

/** Whether a key is of mod_md. */
export function isManaged(key: string): boolean {
  return /^Managed(?:Certificates|Domain|Stapling)/.test(key);
}

/** Where the next line would have begun: mod_md forgets some of its newlines. */
const glued =
  /(?=Managed(?:Certificates[A-Z]|Staplings[A-Z]|Domain\[\d|Stapling\[\d)|(?:TLSSessionCache|ModCacheSocache)Status$)/;

/** The fields in a line of mod_md, and the title of the section that it may run into. */
export function splitManaged(
  key: string,
  value: string,
): { fields: UnknownField[]; title: string | undefined } {
  const fields: UnknownField[] = [];
  let title: string | undefined;
  for (const line of `${key}: ${value}`.split(glued)) {
    const colon = line.indexOf(":");
    if (colon < 0) title = line;
    else fields.push([line.slice(0, colon), line.slice(colon + 1).trim()]);
  }
  return { fields, title };
}
