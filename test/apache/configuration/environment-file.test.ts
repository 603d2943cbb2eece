// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how variables look in a shell.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readEnvironmentFile } from "../../../src/apache/configuration/environment-file.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fcgi-probe-envvars-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
function fileOf(text: string): string {
  const file = join(folder, `${++count}`);
  writeFileSync(file, text);
  return file;
}

/** The variables that the reader finds. */
const read = (text: string): Record<string, string> => {
  const { APACHE_CONFDIR: _, ...variables } = Object.fromEntries(readEnvironmentFile(fileOf(text)));
  return variables;
};

/** The variables of a shell after it has run the file. */
function run(text: string, names: readonly string[]): Record<string, string> {
  const show = names.map((name) => `printf '%s=%s\\0' ${name} "\${${name}-unset}"`).join("\n");
  const script = `APACHE_CONFDIR=${folder}\n. ${fileOf(text)}\n${show}`;
  const shown = execFileSync("sh", ["-c", script], { env: { PATH: process.env["PATH"] } });
  const pairs = shown.toString().split("\0").slice(0, -1);
  return Object.fromEntries(
    pairs.map((pair) => pair.split(/=(.*)/s)).filter(([, value]) => value !== "unset"),
  ) as Record<string, string>;
}

describe("a file of shell variables", () => {
  it.each([
    ["assignments", "A=1\nexport B=2 C=3\nD=4 E=$A$B\n  F=x;G=y # Z=1\n#H=1"],
    ["quotes", `A="a b"'$c'"\\$d\\x"e\\ f\nB=''\nC="it's"\nD='"'\nE="'$A'"`],
    ["defaults", "A=${X:-1}\nB=${A:-2}\nE=\nC=${E:-3}${E-4}\nD=${X-5}"],
    ["nested defaults", 'A=${X:-/run/${Y:-apache2}$Z}\nB="${X:-"q r"}"'],
    ["defaults that are set", ': ${A:=1}\n: ${A:=2}\n: "${B:=b$A}"\nexport A B\nC=${D:=4}$D'],
    ["alternatives", "A=1\nB=${A:+x}${X:+y}${A+z}"],
    ["parts", "A=/etc/apache2-foo\nB=${A##/etc/apache2-}\nC=${A#*/}\nD=${A%-*}\nE=${A%%/*}x"],
    ["continued lines", "A=1\\\n2\nexport \\\n B=3"],
    ["unset", "A=1\nB=2\nunset A\nC=${A-gone}"],
    ["if", 'A=\nif [ -n "$A" ]; then\n B=1\nelif [ "$A" = "" ]\nthen B=2; C=3\nelse\n B=4\nfi'],
    ["nested if", "if [ a = a ]; then if [ b != b ]; then A=1; else A=2; fi; fi\nB=$A"],
    ["test and or", '[ -z "$X" ] && A=1\ntest -n "$X" && B=1 || C=2\n[ ! -d /nowhere ] && D=3'],
    ["a function", "f() {\n  A=1\n}\nB=2"],
  ])("is read as a shell reads it: %s", (_, text) => {
    expect(read(text)).toEqual(run(text, ["A", "B", "C", "D", "E", "F", "G", "H"]));
  });

  it.each([
    ["a command", "A=$(id)\nB=`id`\nC=$(case x in x) echo;; esac)"],
    ["arithmetic", "A=$((1+1))"],
    ["what the shell alone knows", "A=$HOME\nB=$PATH/x\nC=$1\nD=$$"],
    ["what is not known", "X=$(id)\nA=${X:-1}\nB=$X\nC=x$X"],
    ["a condition that runs something", "if id; then A=1; else B=1; fi\nid && C=1"],
    ["another file's answer", 'X=$(id)\nif [ "$X" = a ]; then A=1; fi\n[ -n "$X" ] || B=1'],
    ["a loop and a case", "for A in a b; do B=$A; done\ncase x in x) C=1;; esac"],
    ["expressions of bash", "A=${X/a/b}\nB=${X:1}"],
  ])("leaves out what hangs on %s", (_, text) => {
    const { X: __, ...known } = read(text);
    expect(known).toEqual({});
  });

  it("drops a variable that may have changed", () => {
    expect(read("A=1\nB=1\nif id; then A=2; B=1; fi\nif id; then unset C; fi")).toEqual({});
  });

  it("runs nothing", () => {
    const ran = join(folder, "ran");
    read(`A=$(touch ${ran})\nB=\`touch ${ran}\`\ntouch ${ran}\n[ "$(touch ${ran})" = x ] && C=1`);
    expect(() => execFileSync("test", ["-e", ran])).toThrow();
  });

  it.each(["'", '"', "${", "$(", "`", "\\", "if", "fi fi }", "[ ", "A=${", "A='x\nB=1", "((("])(
    "may be as broken as %j",
    (text) => {
      expect(() => read(text)).not.toThrow();
    },
  );

  it("sets nothing if the file is missing", () => {
    expect(readEnvironmentFile(join(folder, "none")).has("APACHE_RUN_DIR")).toBe(false);
  });
});

describe("the envvars of Debian", () => {
  const debian = [
    "unset HOME",
    'if [ "${APACHE_CONFDIR##/etc/apache2-}" != "${APACHE_CONFDIR}" ] ; then',
    '\tSUFFIX="-${APACHE_CONFDIR##/etc/apache2-}"',
    "else",
    "\tSUFFIX=",
    "fi",
    "export APACHE_RUN_DIR=/var/run/apache2$SUFFIX",
    "export APACHE_LOG_DIR=${APACHE_LOG_DIR:-/var/log/apache2$SUFFIX}",
  ].join("\n");

  it("has a suffix for each instance", () => {
    expect(read(debian)).toEqual({
      SUFFIX: "",
      APACHE_RUN_DIR: "/var/run/apache2",
      APACHE_LOG_DIR: "/var/log/apache2",
    });
    const other = debian.replace("unset HOME", "APACHE_CONFDIR=/etc/apache2-shop");
    expect(read(other)).toEqual({
      SUFFIX: "-shop",
      APACHE_RUN_DIR: "/var/run/apache2-shop",
      APACHE_LOG_DIR: "/var/log/apache2-shop",
    });
  });

  it("is what the image of php has made of it", () => {
    const image = debian.replace(/^export ([^=]+)=(.*)$/gm, ": ${$1:=$2}\nexport $1");
    expect(read(image)).toMatchObject({ APACHE_RUN_DIR: "/var/run/apache2" });
  });
});
