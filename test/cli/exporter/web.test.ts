import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { freePort } from "../../harness/ports.js";
import { makeFolder, until } from "../../harness/server-process.js";
import { fileOf, makeCertificates } from "../../web/certificates.js";
import { startNotifyReceiver } from "../../web/notify-receiver.js";
import { spawnCommand } from "../cli.js";
import { startExporter } from "./start-exporter.js";

const bin = fileURLToPath(new URL("../../../bin/fcgi-probe.js", import.meta.url));
const target = "127.0.0.1:1/status";

it("--web.systemd-socket listens on the socket of systemd-socket-activate", async () => {
  const port = await freePort();
  const command = [process.execPath, bin, "exporter", "--web.systemd-socket", target];
  const child = spawn("systemd-socket-activate", ["-l", `127.0.0.1:${port}`, ...command], {
    stdio: "ignore",
  });
  try {
    let text = "";
    await until(
      async () => {
        text = await fetch(`http://127.0.0.1:${port}/metrics`).then(
          (response) => response.text(),
          () => "",
        );
        return text !== "";
      },
      () => "systemd-socket-activate does not answer",
    );
    expect(text).toContain(`phpfpm_up{pool="",scrape_uri="${target}"} 0`);
  } finally {
    child.kill("SIGKILL");
  }
});

it("tells systemd that it is ready, reloads and stops", async () => {
  await using systemd = await startNotifyReceiver();
  const env = { NOTIFY_SOCKET: systemd.path };
  await using exporter = await startExporter([target], { env });
  await systemd.receives(/READY=1/);
  expect(exporter.log).toContain("listening");
  exporter.signal("SIGHUP");
  await systemd.receives(/READY=1[\s\S]*RELOADING=1[\s\S]*READY=1/);
  exporter.signal("SIGTERM");
  expect(await exporter.ended).toBe(0);
  await systemd.receives(/STOPPING=1/);
});

it("--web.systemd-socket without sockets ends with 2", async () => {
  const { code, stderr } = await spawnCommand(["exporter", "--web.systemd-socket", target]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/systemd has passed no sockets\nhint: /);
});

it("--web.config.file with an error ends with 2, and names line and column", async () => {
  const file = join(makeFolder(), "web.yml");
  writeFileSync(file, "tls_server_config:\n  unknown: 1\n");
  for (const more of [[], ["--check-config"]]) {
    const args = ["exporter", `--web.config.file=${file}`, ...more, target];
    const { code, stdout, stderr } = await spawnCommand(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(`${file}:2:3: `);
    expect(stderr).not.toContain("    at ");
  }
});

it("--web.config.file sets headers; the page keeps the policy of its own", async () => {
  const file = join(makeFolder(), "web.yml");
  const policy = "default-src 'unsafe-inline'";
  const headers = `{ X-Frame-Options: deny, Content-Security-Policy: "${policy}" }`;
  writeFileSync(file, `http_server_config: { headers: ${headers} }\n`);
  await using exporter = await startExporter([`--web.config.file=${file}`, target]);
  const page = await fetch(`${exporter.url}/`);
  expect(page.headers.get("content-security-policy")).toMatch(/^default-src 'none'; [^,]*$/);
  expect(page.headers.get("x-frame-options")).toBe("deny");
  const metrics = await fetch(`${exporter.url}/metrics`);
  expect(metrics.headers.get("content-security-policy")).toBe(policy);
});

it("--insecure reads an httpd whose certificate nobody knows", async () => {
  const certificates = makeCertificates();
  const read = (name: string) => readFileSync(fileOf(certificates, name));
  const auto = readFileSync(
    new URL("../../fixtures/apache-exporter/extoff-idle.auto.txt", import.meta.url),
  );
  const options = { key: read("server.key"), cert: read("server.crt") };
  const server = createServer(options, (_, response) => {
    response.setHeader("content-type", "text/plain").end(auto);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const uri = `--scrape_uri=https://127.0.0.1:${port}/server-status?auto`;
  try {
    await using strict = await startExporter([uri]);
    const refused = await strict.get("/metrics");
    expect(refused).toContain("\napache_up 0\n");
    expect(refused).toContain('reason="tls"');
    await using insecure = await startExporter([uri, "--insecure"]);
    expect(await insecure.get("/metrics")).toContain("\napache_up 1\n");
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
