import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RealPaths } from "../../src/transport/real-paths.js";

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "real paths ")));
  for (const name of ["a", "b"]) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "x.sock"), "");
  }
  symlinkSync("a", join(folder, "linked"));
  symlinkSync("../linked/x.sock", join(folder, "b", "link.sock"));
  symlinkSync(join(folder, "b", "link.sock"), join(folder, "twice.sock"));
  symlinkSync("circle.sock", join(folder, "circle.sock"));
  symlinkSync("missing/x.sock", join(folder, "dangling.sock"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the real path", () => {
  it.each(["a/x.sock", "linked/x.sock", "b/link.sock", "twice.sock", "b/../linked/x.sock"])(
    "is that of realpath(3): %s",
    (path) => {
      expect(new RealPaths().of(join(folder, path))).toBe(realpathSync(join(folder, path)));
    },
  );

  it("of a link to nothing is where the socket would be", () => {
    expect(new RealPaths().of(join(folder, "dangling.sock"))).toBe(join(folder, "missing/x.sock"));
  });

  it("of a link to itself is the link", () => {
    const path = join(folder, "circle.sock");
    expect(new RealPaths().of(path)).toBe(path);
  });
});

describe("after a refresh", () => {
  /** Makes the last change of a folder look old, so that it is remembered. */
  const settle = (path: string) => utimesSync(path, new Date(), new Date(Date.now() - 60_000));

  it("a link that was replaced leads to its new socket", () => {
    const link = join(folder, "moved.sock");
    symlinkSync("a/x.sock", link);
    settle(folder);
    const paths = new RealPaths();
    expect(paths.of(link)).toBe(join(folder, "a/x.sock"));
    rmSync(link);
    symlinkSync("b/x.sock", link);
    paths.refresh();
    expect(paths.of(link)).toBe(join(folder, "b/x.sock"));
  });

  it("so does one that is replaced twice within a tick of the clock", () => {
    const link = join(folder, "tick.sock");
    const replace = (target: string) => {
      rmSync(link, { force: true });
      symlinkSync(target, link);
      const now = new Date(Math.floor(Date.now() / 1_000) * 1_000);
      utimesSync(folder, now, now);
    };
    const paths = new RealPaths();
    replace("a/x.sock");
    expect(paths.of(link)).toBe(join(folder, "a/x.sock"));
    replace("b/x.sock");
    paths.refresh();
    expect(paths.of(link)).toBe(join(folder, "b/x.sock"));
  });

  it("so does one in a folder whose own link was replaced", () => {
    const current = join(folder, "current");
    symlinkSync("a", current);
    settle(folder);
    const paths = new RealPaths();
    expect(paths.of(join(current, "x.sock"))).toBe(join(folder, "a/x.sock"));
    rmSync(current);
    symlinkSync("b", current);
    paths.refresh();
    expect(paths.of(join(current, "x.sock"))).toBe(join(folder, "b/x.sock"));
  });
});
