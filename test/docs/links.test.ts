import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { blocksOf, pages, readPage, root } from "./pages.js";

const REPOSITORY =
  /^https:\/\/(?:github\.com\/fcgi-probe\/fcgi-probe\/(?:blob|tree)|raw\.githubusercontent\.com\/fcgi-probe\/fcgi-probe)\/main\//;

/** The links of a page outside its blocks of code, pictures included. */
function linksOf(text: string): string[] {
  const prose = text.replace(/^ *```[\s\S]*?^ *```$/gm, "");
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)];
  return links.map(([, markdown, html]) => markdown ?? html ?? "");
}

/** The anchors that GitHub gives the headings of a page. */
function anchorsOf(path: string): string[] {
  const text = readFileSync(path, "utf8").replace(/^ *```[\s\S]*?^ *```$/gm, "");
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** Why a link leads nowhere; undefined if it leads somewhere. */
function faultOf(link: string, folder: string): string | undefined {
  const inside = REPOSITORY.test(link);
  if (!inside && /^[a-z]+:/.test(link)) return undefined;
  const [path = "", anchor] = (inside ? link.replace(REPOSITORY, "") : link).split("#");
  const file = join(root, inside ? "" : folder, path);
  if (!existsSync(file)) return `${link}: no such file`;
  const leads = anchor === undefined || anchorsOf(file).includes(anchor);
  return leads ? undefined : `${link}: no such heading`;
}

describe("the links of the documents", () => {
  it.each(pages.map((page) => [page.path, page] as const))("lead somewhere: %s", (path, page) => {
    const here = ({ text }: { text: string }) =>
      linksOf(text).map((link) =>
        link.startsWith("#") ? `${path.split("/").at(-1)}${link}` : link,
      );
    const faults = here(page).map((link) => faultOf(link, dirname(path)));
    expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
  });

  it("are absolute in README, which npm shows, too", () => {
    expect(linksOf(readPage("README.md").text).filter((link) => !/^https:/.test(link))).toEqual([]);
  });
});

describe("README.md", () => {
  const page = readPage("README.md");
  const lines = page.text.trimEnd().split("\n");

  it("has at most 140 lines", () => {
    expect(lines.length).toBeLessThanOrEqual(140);
  });

  it("shows blocks that fit: pictures of 80 columns, programs of eight lines", () => {
    for (const { language, text } of blocksOf(page)) {
      const rows = text.trimEnd().split("\n");
      if (language === "js") expect(rows.length).toBeLessThanOrEqual(8);
      if (language === "") expect(rows.filter((row) => row.length > 80)).toEqual([]);
    }
  });

  it("leads to every page for users", () => {
    const linked = linksOf(page.text).map((link) => link.replace(REPOSITORY, "").split("#")[0]);
    const documents = pages.map(({ path }) => path).filter((path) => path.startsWith("docs/"));
    expect(documents.filter((path) => !linked.includes(path))).toEqual([]);
  });
});
