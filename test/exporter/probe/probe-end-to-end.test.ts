import { describe, expect, it, onTestFinished } from "vitest";
import { watchConfiguration } from "../../../src/exporter/config/watch-configuration.js";
import { createExporter } from "../../../src/exporter/create-exporter.js";
import { silent, startFakeServer } from "../../harness/fake-server.js";
import { startPhpFpm } from "../../harness/php-fpm.js";

/** An exporter with a configuration, and what it answers to `/probe`. */
async function probing(text: string) {
  const exporter = createExporter({ targets: [] });
  const configuration = await watchConfiguration({ text }, { onSettings: exporter.update });
  onTestFinished(() => {
    configuration.close();
    exporter.close();
  });
  return async (parameters: Record<string, string>) => {
    const query = new URLSearchParams(parameters);
    const response = await exporter.fetch(new Request(`http://localhost/probe?${query}`));
    return { status: response.status, text: await response.text() };
  };
}

describe("/probe", () => {
  it("reads pools that a rule allows, and connects to no other", async () => {
    await using server = await startPhpFpm({
      pools: [
        { name: "www", pm: "static", maxChildren: 1, listen: "unix" },
        { name: "tcp", pm: "static", maxChildren: 1, listen: "tcp" },
      ],
    });
    await using secret = await startFakeServer(silent, { listen: "tcp" });
    await using secretSocket = await startFakeServer(silent);
    const { address: www } = server.pool("www");
    const { bareAddress: tcp } = server.pool("tcp");
    const probe = await probing(`
modules:
  fpm: { kind: phpfpm, timeout: 3s }
  httpd: { kind: apache, timeout: 3s }
probe:
  debug: true
  allow: ["unix:${server.folder}/*.sock", "127.0.0.0/8:${tcp.split(":").at(-1)}"]
`);
    for (const target of [
      www,
      `${tcp}/status`,
      `${tcp.replace("127.0.0.1", "0x7f000001")}/status`,
    ]) {
      const { status, text } = await probe({ target, module: "fpm", debug: "true" });
      expect(status).toBe(200);
      expect(text).toMatch(/^phpfpm_up\{.*\} 1$/m);
    }
    const gone = await probe({ target: `unix:${server.folder}/none.sock:/status`, module: "fpm" });
    expect(gone.status).toBe(200);
    expect(gone.text).toMatch(/^phpfpm_up\{.*\} 0$/m);
    expect(gone.text).toContain('reason="not_found"');
    const { bareAddress } = secret;
    const port = bareAddress.split(":").at(-1);
    const refused = [
      bareAddress,
      `2130706433:${port}/status`,
      `127.1:${port}/status`,
      `[::ffff:127.0.0.1]:${port}/status`,
      `localhost:${port}`,
      `http://${bareAddress}/server-status`,
      secretSocket.address,
      encodeURIComponent(www),
      `${tcp}/index.php`,
      `scgi://${tcp}/status`,
      "cgi:/bin/sh",
      "unix:@x",
    ];
    const answers = new Set<string>();
    for (const target of refused) {
      const { status, text } = await probe({ target, module: "fpm" });
      expect([target, status]).toEqual([target, 403]);
      answers.add(text);
    }
    expect(answers.size).toBe(1);
    expect([secret.accepted, secretSocket.accepted]).toEqual([0, 0]);
  });

  it("without a target, or with a module that is unknown, is a wrong request", async () => {
    const probe = await probing("modules: { fpm: { kind: phpfpm } }\ntargets: [127.0.0.1:1]");
    expect((await probe({})).status).toBe(400);
    expect((await probe({ target: "127.0.0.1:1", module: "none" })).status).toBe(400);
    expect((await probe({ target: "127.0.0.1:1", module: "constructor" })).status).toBe(400);
    // A served target needs no rule, and a dead one is an answer.
    const { status, text } = await probe({ target: "127.0.0.1:1" });
    expect(status).toBe(200);
    expect(text).toMatch(/^phpfpm_up\{.*\} 0$/m);
  });
});
