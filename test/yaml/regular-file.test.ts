import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  parseConfiguration,
  readConfigurationFile,
} from "../../src/exporter/config/configuration.js";
import { fileSource } from "../../src/exporter/config/sources/file-source.js";
import { readWebConfig } from "../../src/web/web-config.js";

let folder: string;
let pipe: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "files-"));
  pipe = join(folder, "pipe.yaml");
  execFileSync("mkfifo", [pipe]);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("files that may never end are refused at once", () => {
  it("as configuration: a pipe without a writer, a device, a folder", async () => {
    for (const path of [pipe, "/dev/zero", folder]) {
      await expect(readConfigurationFile(path)).rejects.toThrow(
        `${path}: it is not a regular file`,
      );
    }
  });

  it("as configuration: more than 4 MiB", async () => {
    const path = join(folder, "long.yaml");
    writeFileSync(path, "#".repeat(4_194_305));
    await expect(readConfigurationFile(path)).rejects.toThrow("has more than 4194304 bytes");
    writeFileSync(path, "#".repeat(4_194_304));
    expect(await readConfigurationFile(path)).toHaveLength(4_194_304);
  });

  it("as web configuration, and as a certificate in it", () => {
    for (const path of [pipe, "/dev/zero", folder]) {
      expect(() => readWebConfig(path)).toThrow("it is not a regular file");
    }
    const path = join(folder, "web.yml");
    writeFileSync(path, `tls_server_config: { cert_file: ${pipe}, key_file: /dev/zero }\n`);
    expect(() => readWebConfig(path)).toThrow(/:1:\d+: cannot read it: it is not a regular file\n/);
    const long = join(folder, "long.yml");
    writeFileSync(long, "#".repeat(1_048_577));
    expect(() => readWebConfig(long)).toThrow("it has more than 1048576 bytes");
  });

  it("as targets, while the other files are read", async () => {
    writeFileSync(join(folder, "shop.targets"), "unix:/run/shop.sock:/status\n");
    execFileSync("mkfifo", [join(folder, "stuck.targets")]);
    const reading = await fileSource(join(folder, "*.targets")).read(new AbortController().signal);
    expect(reading.targets.map(({ address }) => address)).toEqual(["unix:/run/shop.sock:/status"]);
    expect(reading.problems).toEqual([
      `${join(folder, "stuck.targets")}: it is not a regular file`,
    ]);
  });
});

describe("what cannot be sent to a server of targets is an error with its place", () => {
  it("in the user of the URL", () => {
    const text = "discover:\n  http: ['http://user:100%@example.com/']\n";
    expect(() => parseConfiguration(text, "site.yaml")).toThrow(
      "site.yaml:2:10: write a % in the user name or password as %25",
    );
  });

  it.each(["{ 'a b': c }", '{ a: "b\\nc" }'])("in headers: %s", (headers) => {
    const http = `discover: { http: [{ url: http://example.com/, headers: ${headers} }] }`;
    const module = `modules: { httpd: { kind: apache, headers: ${headers} } }`;
    for (const text of [http, module]) {
      expect(() => parseConfiguration(text, "site.yaml")).toThrow("these cannot be sent");
    }
  });
});
