import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { manualFiles } from "../../src/cli/manual-files.js";
import { describeWith } from "../harness/describe-with.js";
import { requireServer } from "../harness/servers.js";
import { runHere } from "./cli.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const files = await manualFiles();
const pages = [...files].filter(([path]) => path.startsWith("man/"));

describe("the manual", () => {
  it("is current: npm run manual writes it", () => {
    const written = readdirSync(join(root, "man")).map((name) => `man/${name}`);
    expect(written.sort()).toEqual(pages.map(([path]) => path).sort());
    for (const [path, text] of files) expect(readFileSync(join(root, path), "utf8")).toBe(text);
  });

  it("has a page for each command that --help lists", async () => {
    const { stdout } = await runHere(["--help"]);
    const [, list = ""] = /Commands:\n([\s\S]*?)\n\n/.exec(stdout) ?? [];
    const commands = [...list.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name]) => name);
    expect(commands.length).toBeGreaterThan(12);
    const known = pages.map(([path]) => path);
    for (const name of commands) {
      if (name !== "help") expect(known).toContain(`man/fcgi-probe-${name}.1`);
    }
  });

  it("has a section for each page, and no link to nowhere", () => {
    const text = files.get("docs/cli.md") ?? "";
    const anchors = [...text.matchAll(/^## (.*)$/gm)].map(([, name = ""]) =>
      name.replaceAll(" ", "-"),
    );
    expect(anchors).toHaveLength(pages.length);
    for (const [, anchor] of text.matchAll(/\]\(#([^)]*)\)/g)) expect(anchors).toContain(anchor);
  });
});

describeWith(["groff"], "a manual page", () => {
  it.each(pages)("%s is read without a warning", (path) => {
    const args = ["-man", "-Kutf8", "-Tutf8", "-ww", "-rLL=80n", "-z", join(root, path)];
    const { stdout, stderr, status } = spawnSync(requireServer("groff"), args, {
      encoding: "utf8",
    });
    expect({ stdout, stderr, status }).toEqual({ stdout: "", stderr: "", status: 0 });
  });

  it("shows what the help has, in its characters", () => {
    const args = ["-man", "-Kutf8", "-Tascii", "-P-c", "-P-b", "-P-u"];
    const text = execFileSync(
      requireServer("groff"),
      [...args, join(root, "man/fcgi-probe-scrape.1")],
      {
        encoding: "utf8",
      },
    );
    expect(text).toContain("fcgi-probe-scrape - read the status of many pools, listed in a file");
    expect(text).toContain(
      "ls /run/php/*.sock | fcgi-probe scrape - | jq -r 'select(.ok | not).target'",
    );
    expect(text).toMatch(/-t, --timeout time\n +how long a complete answer may take/);
    expect(text).toMatch(/^EXIT STATUS\n +0 success/m);
  });
});
