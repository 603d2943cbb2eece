import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** A document of the repository. */
export interface Page {
  /** Its path below the root. */
  readonly path: string;
  readonly text: string;
}

export function readPage(path: string): Page {
  return { path, text: readFileSync(join(root, path), "utf8") };
}

const FOLDERS = ["", "docs", "examples", "bench", "packaging/zabbix"];

/** All documents for people. */
export const pages: readonly Page[] = FOLDERS.flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => readPage(join(folder, name))),
);

/** A block of code: what follows the fence's language on its first line, and the text. */
export interface Block {
  readonly language: string;
  readonly kind: string;
  readonly text: string;
}

export function blocksOf({ text }: Page): Block[] {
  const fences = text.matchAll(/^ *```(\w*) ?(.*)\n([\s\S]*?)^ *```$/gm);
  return [...fences].map(([, language = "", kind = "", text = ""]) => ({ language, kind, text }));
}

/** The rows of the tables below a heading, as cells. */
export function tableBelow({ text }: Page, heading: string): string[][] {
  const [section = ""] = (text.split(new RegExp(`^#+ ${heading}$`, "m"))[1] ?? "").split(/^#/m);
  return section
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) =>
      line
        .slice(2, -2)
        .split(/(?<!\\) \| /)
        .map((cell) => cell.trim()),
    );
}
