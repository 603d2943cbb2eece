import { describe, expect, it } from "vitest";
import { parseOptions } from "../../src/apache-manager/getopt.js";
import { readManagerOptions } from "../../src/apache-manager/options.js";

describe("getopt", () => {
  const specs = [
    { long: ["watch"], short: "w" },
    { long: ["max-ss", "max-time"], short: "t", takesValue: true },
    { long: ["help"], short: "h" },
  ];
  const later = [{ long: ["hanging"], short: "T", takesValue: true }];
  const parse = (...args: string[]) => {
    const { options, positionals } = parseOptions(args, [specs, later]);
    return [...options.map(({ spec, value }) => `${spec.long[0]}=${value}`), ...positionals];
  };

  it.each([
    [
      ["-w", "-t", "5"],
      ["watch=", "max-ss=5"],
    ],
    [["-wt5"], ["watch=", "max-ss=5"]],
    [["-t-5"], ["max-ss=-5"]],
    [
      ["--max-time=5", "--max-ss", "6"],
      ["max-ss=5", "max-ss=6"],
    ],
    [["--max-time="], ["max-ss="]],
    [
      ["--wa", "--max-t=1"],
      ["watch=", "max-ss=1"],
    ],
    [["--h"], ["help="]],
    [["--ha=3"], ["hanging=3"]],
    [
      ["-w", "x", "-h"],
      ["watch=", "x", "-h"],
    ],
    [
      ["-w", "--", "-h"],
      ["watch=", "-h"],
    ],
    [
      ["-", "-w"],
      ["-", "-w"],
    ],
  ])("S1.H reads %j", (args, result) => {
    expect(parse(...args)).toEqual(result);
  });

  it.each([
    [["--nope"], "option --nope not recognized"],
    [["-x"], "option -x not recognized"],
    [["-wx"], "option -x not recognized"],
    [["--max"], "option --max not a unique prefix"],
    [["-t"], "option -t requires argument"],
    [["--max-time"], "option --max-time requires argument"],
    [["--watch=1"], "option --watch must not have an argument"],
  ])("S1.86 refuses %j", (args, message) => {
    expect(() => parse(...args)).toThrow(message);
  });
});

describe("the options of apache-manager", () => {
  it("S1.H are those of version 1", () => {
    const args = ["-a", "1K", "-i2K", "--max-ss=3m", "-f", "x", "-znw", "-vvq"];
    expect(readManagerOptions(args)).toMatchObject({
      version: 1,
      maxMemoryActive: 1000,
      maxMemoryIdle: 2000,
      maxTime: 180,
      dataFile: "x",
      zabbixDiscovery: true,
      dryRun: true,
      watch: true,
      verbosity: 1,
    });
  });

  it.each(["-c", "-k", "-T5m"])(
    "S1.I S1.88 are those of version 2 with %s: sizes are binary",
    (option) => {
      expect(readManagerOptions([option, "-a", "500M"])).toMatchObject({
        version: 2,
        maxMemoryActive: 524_288_000,
      });
      expect(readManagerOptions(["-a", "500M"])).toMatchObject({
        version: 1,
        maxMemoryActive: 500_000_000,
      });
    },
  );

  it("keep each prefix that was unique in version 1 and 2", () => {
    expect(readManagerOptions(["--h"])).toMatchObject({ help: true });
    expect(readManagerOptions(["--c"])).toMatchObject({ collectMetrics: true });
    expect(readManagerOptions(["--hang", "1m"])).toMatchObject({ hangingAfter: 60 });
    expect(readManagerOptions(["--in=1m"])).toMatchObject({ interval: 60 });
    expect(readManagerOptions(["--define=A", "--de", "B"])).toMatchObject({ define: ["A", "B"] });
  });
});
