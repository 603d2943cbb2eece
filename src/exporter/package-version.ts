import { readFileSync } from "node:fs";

/** The version in package.json, which is two levels above this file, in dist/ and in src/. */
export function packageVersion(): string {
  const path = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}
