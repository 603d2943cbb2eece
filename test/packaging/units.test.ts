import { execFileSync } from "node:child_process";
import { copyFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeFolder } from "../harness/server-process.js";

const source = fileURLToPath(new URL("../../packaging/systemd/", import.meta.url));

describe("the units of systemd", () => {
  let folder: string;
  beforeAll(() => {
    folder = makeFolder();
    for (const unit of readdirSync(source)) {
      copyFileSync(join(source, unit), join(folder, unit.replace("@.", "@shop.")));
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(["fcgi-probe-exporter.service", "fcgi-probe-serve@shop.service"])(
    "give an attacker little: %s",
    (unit) => {
      const args = ["security", "--offline=true", "--no-pager", "--threshold=25"];
      // Fails if the exposure, of 100, is over the threshold.
      const report = execFileSync("systemd-analyze", [...args, join(folder, unit)], {
        encoding: "utf8",
      });
      expect(report).toMatch(/Overall exposure level .*: [12]\.\d OK/);
    },
  );
});
