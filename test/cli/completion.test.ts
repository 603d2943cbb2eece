import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeWith } from "../harness/describe-with.js";
import { makeFolder } from "../harness/server-process.js";
import { requireServer } from "../harness/servers.js";
import { runHere } from "./cli.js";

/** What is typed, and what the shell offers for the last word: these words, and not those. */
const cases: readonly (readonly [words: string[], offers: string[], not: string[]])[] = [
  [["sta"], ["status"], ["ping"]],
  [["status", "--form"], ["--format"], ["--full"]],
  [["status", "--format", ""], ["table", "ndjson", "prometheus"], ["status"]],
  [["--color", "never", "pi"], ["ping"], ["status"]],
  [["ping", "--color", ""], ["auto", "always", "never"], ["text"]],
  [["apache", "work"], ["workers"], ["status"]],
  [["apache", "workers", "--sort", "mem"], ["memory"], ["cpu"]],
  [["apache", "kill", "--dry"], ["--dry-run"], ["--format"]],
  [["exporter", "--web.listen"], ["--web.listen-address"], ["--web.config.file"]],
  [["serve", "--ping-"], ["--ping-path", "--ping-response"], ["--workers"]],
  [["completion", ""], ["bash", "zsh", "fish"], ["status"]],
];

describe("the completion of", () => {
  let folder: string;
  beforeAll(async () => {
    folder = makeFolder();
    mkdirSync(join(folder, "files"));
    writeFileSync(join(folder, "files", "targets.txt"), "");
    for (const shell of ["bash", "zsh", "fish"]) {
      const { code, stdout } = await runHere(["completion", shell]);
      expect(code).toBe(0);
      writeFileSync(join(folder, shell), stdout);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  describe("bash", () => {
    /** Runs the function that readline calls, on these words. */
    function offered(words: readonly string[]): string[] {
      const script = `source "$1"; shift; COMP_WORDS=(fcgi-probe "$@"); COMP_CWORD=$#
        _fcgi_probe 2>&1; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const args = ["-c", script, "bash", join(folder, "bash"), ...words];
      return execFileSync("bash", ["--norc", ...args], { encoding: "utf8" })
        .split("\n")
        .filter((word) => word !== "");
    }

    it.each(cases)("%j", (words, offers, not) => {
      const all = offered(words);
      expect(all).toEqual(expect.arrayContaining(offers));
      for (const word of not) expect(all).not.toContain(word);
    });

    it("completes the value of --format=", () => {
      expect(offered(["status", "--format", "=", "nd"])).toContain("ndjson");
      expect(offered(["status", "--format", "="])).toContain("table");
    });

    it("is registered, and leaves targets and files to readline", () => {
      const script = `source "$1"; complete -p fcgi-probe`;
      const { stdout } = spawnSync("bash", ["-c", script, "bash", join(folder, "bash")]);
      expect(String(stdout)).toContain("-o default");
      expect(offered(["scrape", "tar"])).toEqual([]);
      expect(offered(["scrape", "--output", "x"])).toEqual([]);
    });
  });

  describeWith(["fish"], "fish", () => {
    function offered(words: readonly string[]): string[] {
      const line = ["fcgi-probe", ...words].join(" ");
      const text = execFileSync(
        requireServer("fish"),
        [
          "--no-config",
          "-c",
          'source $argv[1]; complete -C "$argv[2]"',
          join(folder, "fish"),
          line,
        ],
        { encoding: "utf8", cwd: join(folder, "files"), env: { ...process.env, HOME: folder } },
      );
      return text.split("\n").map((each) => each.split("\t")[0] ?? "");
    }

    it.each(cases)("%j", (words, offers, not) => {
      const all = offered(words);
      expect(all).toEqual(expect.arrayContaining(offers));
      for (const word of not) expect(all).not.toContain(word);
    });

    it("offers files where targets are expected", () => {
      expect(offered(["scrape", "tar"])).toEqual(expect.arrayContaining(["targets.txt"]));
    });
  });

  describeWith(["zsh"], "zsh", () => {
    /** Types words and a tab into an interactive zsh on a terminal, and reads what it lists. */
    function offered(words: readonly string[]): Set<string> {
      const line = ["fcgi-probe", ...words].join(" ");
      const script = `
        zmodload zsh/zpty
        zpty shell "TERM=vt100 zsh -f -i"
        zpty -w shell "PS1='>'; autoload -Uz compinit && compinit -u -d '${join(folder, "dump")}'"
        zpty -w shell "source '${join(folder, "zsh")}'; LISTMAX=1000; setopt no_always_last_prompt"
        zpty -w shell "bindkey '^I' list-choices; bindkey '^X' kill-whole-line; print REA''DY"
        zpty -r shell text '*READY*'
        zpty -w -n shell "$1"$'\\t'
        zpty -w -n shell $'\\C-x'
        zpty -w shell "print E''ND"
        zpty -r shell text '*END*'
        print -r -- "$text"
        zpty -d shell
      `;
      const text = execFileSync(requireServer("zsh"), ["-f", "-c", script, "zsh", line], {
        encoding: "utf8",
        timeout: 20_000,
        env: { ...process.env, HOME: folder },
      });
      const typed = line.trimEnd();
      const list = text.slice(text.indexOf(typed) + typed.length, text.lastIndexOf(typed));
      // Movements of the cursor, colours, and the padding of a terminal.
      return new Set(list.replace(/\x1b\[[\d;?]*[A-Za-z]|[\0\x08]/g, " ").split(/\s+/));
    }

    it.each(cases)("%j", (words, offers, not) => {
      const all = offered(words);
      for (const word of offers) expect(all).toContain(word);
      for (const word of not) expect(all).not.toContain(word);
    });
  });
});
