import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { makeFolder, ServerProcess } from "../harness/server-process.js";

const pathOf = (name: string): string =>
  fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));

/** Starts an example that serves, as its users do, and waits until it listens. */
export async function startExample(name: string, ...args: string[]): Promise<ServerProcess> {
  const example = new ServerProcess(process.execPath, [pathOf(name), ...args], makeFolder());
  await example.ready(() => example.output.includes("listening at "));
  return example;
}

/** Runs an example to its end. */
export async function runExample(name: string, args: readonly string[], input = "") {
  const child = spawn(process.execPath, [pathOf(name), ...args], { timeout: 15_000 });
  child.stdin.end(input);
  const closed = new Promise((resolve) => child.on("close", resolve));
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    closed,
  ]);
  return { stdout, stderr, code };
}
