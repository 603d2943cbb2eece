import { readLines } from "./configuration-files.js";

/**
 * The variables that a file of shell assignments sets (Debian's `envvars`). Nothing is run: an
 * assignment whose value needs a shell is left out, and conditions are not looked at.
 */
export function readEnvironmentFile(path: string): Map<string, string> {
  const variables = new Map<string, string>();
  const read = readLines(path);
  for (const line of "lines" in read ? read.lines : []) {
    const match = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(?:"([^"]*)"|'([^']*)'|([^\s;#]*))\s*$/.exec(
      line,
    );
    if (match === null) continue;
    const [, name = "", double, single, bare] = match;
    const value = single ?? substitute(double ?? bare ?? "", variables);
    if (value !== undefined) variables.set(name, value);
  }
  return variables;
}

function substitute(text: string, variables: ReadonlyMap<string, string>): string | undefined {
  const value = text.replace(
    /\$(?:\{(\w+)\}|(\w+))/g,
    (_, braced?: string, bare?: string) => variables.get(braced ?? bare ?? "") ?? "",
  );
  return /[$`]/.test(value) ? undefined : value;
}
