import { readFileSync } from "node:fs";
import { runProcess } from "./run-process.js";

/** Where the package says its version; it is one level above dist/, and above src/. */
function version(): string {
  const path = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}

/**
 * Runs the command `fcgi-probe` with its arguments, on the streams and signals of this process.
 *
 * @returns its exit code
 */
export function main(args: readonly string[]): Promise<number> {
  return runProcess("fcgi-probe", async (io) => {
    if (args[0] === "--version" || args[0] === "-V") {
      await io.stdout.write(`${version()}\n`);
      return 0;
    }
    // Loaded here, so that --version costs hardly more than Node's own start.
    const { run } = await import("./program.js");
    return run(args, io);
  });
}
