import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { workerArguments } from "../../src/pool/worker-process.js";

const own = workerArguments([]);

describe("the arguments of a worker's Node", () => {
  it("are those given, after the pool's own, so that they take precedence", () => {
    const given = ["--enable-source-maps", "--initial-old-space-size=16"];
    expect(workerArguments(given)).toEqual([...own, ...given]);
  });

  it("leave out any that would run another program", () => {
    const given = [
      "--inspect-brk=0",
      "-e",
      "code",
      "--input-type=module",
      "--watch",
      "--test",
      "-i",
    ];
    expect(workerArguments([...given, "--print", "1 + 1", "--trace-warnings"])).toEqual([
      ...own,
      "--trace-warnings",
    ]);
  });

  it("are accepted by this Node, also with a small heap", () => {
    const all = workerArguments(["--max-old-space-size=32"]);
    const said = execFileSync(process.execPath, [...all, "-p", "process.execArgv.length"]);
    expect(Number(said)).toBe(all.length + 2);
  });
});
