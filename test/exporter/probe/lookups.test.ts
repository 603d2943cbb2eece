import { expect, it, vi } from "vitest";
import { allowProbe } from "../../../src/exporter/probe/allow-probe.js";
import { parseAllowRule } from "../../../src/exporter/probe/allow-rule.js";

const asked: string[] = [];
const answers: (() => void)[] = [];
vi.mock("node:dns/promises", () => ({
  lookup: (host: string) =>
    new Promise((resolve) => {
      asked.push(host);
      answers.push(() => resolve([{ address: "10.0.0.1", family: 4 }]));
    }),
}));

it("two names are looked up at once, and none for a request that is over", async () => {
  const rules = [parseAllowRule("10.0.0.0/8:9000")];
  const over = new AbortController();
  const look = (host: string) =>
    allowProbe(`${host}.example:9000/status`, rules, undefined, over.signal);
  const decisions = ["one", "two", "three", "four"].map(look);
  expect(asked).toEqual(["one.example", "two.example"]);
  answers.shift()?.();
  expect(await decisions[0]).toMatchObject({ connectTo: "10.0.0.1:9000/status" });
  await vi.waitFor(() => expect(asked).toContain("three.example"));
  over.abort();
  for (const answer of answers.splice(0)) answer();
  expect((await decisions[3])?.allowed).toBe(false);
  expect(asked).toEqual(["one.example", "two.example", "three.example"]);
});
