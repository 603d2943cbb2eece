/** Gives headers the fields of others, in place of their own. */
export function replaceHeaders(target: Headers, source: Headers): void {
  for (const name of [...target.keys()]) target.delete(name);
  for (const [name, value] of source) target.append(name, value);
}
