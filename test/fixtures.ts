import { readdirSync, readFileSync } from "node:fs";

const folder = new URL("./fixtures/", import.meta.url);

/** A captured file, by its path in test/fixtures. */
export function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, folder)));
}

/** The captured files of a folder in test/fixtures whose names end so. */
export function fixtures(name: string, ending: string): string[] {
  return readdirSync(new URL(`${name}/`, folder))
    .filter((file) => file.endsWith(ending))
    .map((file) => `${name}/${file}`);
}
