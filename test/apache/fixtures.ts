import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { latin1Bytes } from "../../src/bytes.js";

const folder = new URL("../fixtures/apache-status/", import.meta.url);

/** Captured from httpd 2.4.71: `<server>-<state>--<form>`. */
export function fixture(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(fileURLToPath(new URL(name, folder))));
}

/** The names of the captured pages of a form, such as `auto.txt` or `html.html`. */
export function fixtures(form: string): string[] {
  return readdirSync(fileURLToPath(folder))
    .filter((name) => name.endsWith(`--${form}`))
    .sort();
}

/** A page of these lines, as httpd sends it. */
export function pageOf(...lines: string[]): Uint8Array<ArrayBuffer> {
  return latin1Bytes(lines.map((line) => `${line}\n`).join(""));
}

/** The smallest status page: every httpd since 2.2 prints these lines. */
export const least = ["BusyWorkers: 1", "IdleWorkers: 2", "Scoreboard: W__."];
