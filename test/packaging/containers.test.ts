import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { startExporter } from "../cli/exporter/start-exporter.js";
import { describeWith } from "../harness/describe-with.js";
import { startPhpFpm } from "../harness/php-fpm.js";

const bin = fileURLToPath(new URL("../../bin/fcgi-probe.js", import.meta.url));
const read = (name: string) =>
  readFileSync(new URL(`../../packaging/${name}`, import.meta.url), "utf8");

/** The arguments of an instruction of the last stage. */
function instruction(name: string): string {
  const stage =
    read("docker/Dockerfile")
      .split(/^FROM /m)
      .at(-1) ?? "";
  return new RegExp(`^${name} (.*)$`, "m").exec(stage)?.[1] ?? "";
}

const compose = parse(read("docker/compose.yaml"), { strict: true });
const objects = parseAllDocuments(read("kubernetes/sidecar.yaml"), { strict: true }).map(
  (object) => {
    expect(object.errors).toEqual([]);
    return object.toJS();
  },
);
const pod = objects.find(({ kind }) => kind === "Deployment").spec.template;
const container = (name: string) =>
  pod.spec.containers.find((each: { name: string }) => each.name === name);

describeWith(["php-fpm"], "the image and its examples", () => {
  const [program = "", ...command]: string[] = JSON.parse(instruction("ENTRYPOINT"));

  it("start php-fpm_exporter's command, as a user without rights, at its port", () => {
    expect(program).toBe("/php-fpm_exporter");
    expect(read("docker/Dockerfile")).toContain("ln -s usr/bin/fcgi-probe /image/php-fpm_exporter");
    expect(command).toEqual(["server"]);
    expect(instruction("USER")).toBe("65532:65532");
    const help = execFileSync(process.execPath, [bin, ...command, "--help"], { encoding: "utf8" });
    expect(help).toContain(`:${instruction("EXPOSE")}`);
  });

  it("have arguments and variables that the exporter takes, and status paths that PHP-FPM has", async () => {
    const directives = [read("docker/status.conf"), objects[0].data["zz-status.conf"]];
    for (const text of directives) {
      const lines = [...text.matchAll(/^(pm\.\w+) = (\S+)$/gm)].map(([, key, value]) => [
        key,
        value,
      ]);
      expect(Object.fromEntries(lines)).toMatchObject({ "pm.status_path": "/status" });
      expect(text).toMatch(/^pm\.status_listen = (?:127\.0\.0\.1:)?9001$/m);
    }
    await using fpm = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 1, listen: "tcp", statusListen: true }],
    });
    const address = fpm.pool("www").statusListenBareAddress ?? "";
    const here = (text: string) => text.replace(/(?:php|127\.0\.0\.1):9001/, address);
    const { exporter } = compose.services;
    const runs = [
      { args: exporter.command, env: exporter.environment },
      { args: container("exporter").args, env: {} },
    ];
    for (const { args, env } of runs) {
      const variables = Object.entries(env).map(([key, value]) => [key, here(String(value))]);
      await using running = await startExporter(args.map(here), {
        command,
        env: Object.fromEntries(variables),
      });
      expect(await running.get("/metrics")).toMatch(/^phpfpm_up\{.*pool="www".*\} 1$/m);
      const { path } = container("php").livenessProbe.httpGet;
      expect(await running.get(path)).toBe("healthy\n");
    }
  });

  it("annotate the pod for Prometheus, and probe the port of the exporter", () => {
    const { metadata, spec } = pod;
    expect(metadata.annotations["prometheus.io/port"]).toBe(instruction("EXPOSE"));
    const ports = spec.containers.map(
      ({ livenessProbe }: { livenessProbe: { httpGet: { port: number } } }) =>
        String(livenessProbe.httpGet.port),
    );
    expect(new Set(ports)).toEqual(new Set([instruction("EXPOSE")]));
    expect(container("exporter").securityContext.runAsUser).toBe(65532);
  });
});
