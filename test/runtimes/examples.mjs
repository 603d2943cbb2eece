// Runs the examples that need another runtime than Node, as their first lines say.
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./project.mjs";
import { DENO, programs, SOCKETS } from "./runtimes.mjs";
import { startServer } from "./serve-behind-nginx.mjs";

const fails = async (check) =>
  check().then(
    () => undefined,
    (error) => error.message,
  );

function check(isRight, what) {
  if (!isRight) throw new Error(`it answered ${what}`);
}

/** An example that serves on a unix socket, behind a real nginx, and ends at SIGTERM. */
async function serves(name, program, args, folder, { startNginx }) {
  const socket = join(folder, `${name}.sock`);
  const server = await startServer(program, [...args, name, socket], folder);
  const nginx = await startNginx(`unix:${socket}`, "fastcgi_keep_conn on;");
  try {
    for (let count = 0; count < 2; count++) {
      const response = await fetch(`${nginx.url}/a%20b`, { method: "POST", body: "hello" });
      const text = await response.text();
      const { path, client, body } = JSON.parse(text);
      check(path === "/a%20b" && client === "127.0.0.1" && body === "hello", text);
    }
  } finally {
    await nginx.stop();
    const code = await server.stop();
    if (code !== 0) process.stderr.write(server.output());
    check(code === 0, `the end with ${code}`);
  }
}

const WORKER = `
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (
      name = "worker",
      worker = (
        compatibilityDate = "2026-10-01",
        modules = [
          (name = "worker.mjs", esModule = embed "worker.mjs"),
          (name = "codec.wasm", wasm = embed "codec.wasm"),
        ],
        bindings = [BINDING],
      ),
    ),
    (name = "internet", network = (allow = ["local"])),
    (name = "php-fpm", external = (tcp = ())),
  ],
  sockets = [(name = "http", http = (), service = "worker")],
);
`;

/** The Worker, over TCP and over a unix socket. */
async function worker(esbuild, folder, { freePort }, world) {
  const built = join(folder, "worker-example");
  mkdirSync(built, { recursive: true });
  copyFileSync(join(root, "examples", "worker.mjs"), join(folder, "example.mjs"));
  esbuild.buildSync({
    absWorkingDir: folder,
    entryPoints: [{ in: "example.mjs", out: "worker" }],
    outdir: built,
    bundle: true,
    format: "esm",
    conditions: ["workerd"],
    external: ["cloudflare:*"],
    loader: { ".wasm": "copy" },
    assetNames: "[name]",
    outExtension: { ".js": ".mjs" },
    logLevel: "silent",
  });
  const { host, port } = world.tcp;
  const bindings = {
    tcp: `(name = "POOL", text = "${host}:${port}")`,
    unix: '(name = "PHP", service = "php-fpm")',
  };
  for (const [pool, binding] of Object.entries(bindings)) {
    writeFileSync(join(built, "config.capnp"), WORKER.replace("BINDING", binding));
    const address = `127.0.0.1:${await freePort()}`;
    const args = ["serve", "config.capnp", `--socket-addr=http=${address}`];
    const external = `--external-addr=php-fpm=unix:${world.socket}`;
    const ready = "--control-fd=1";
    const server = await startServer(
      programs.workerd,
      [...args, external, ready],
      built,
      '"listen"',
    );
    try {
      const text = await (await fetch(`http://${address}/`)).text();
      check(text.includes(`"pool":"${pool}","activeProcesses":1,"totalProcesses":1`), text);
    } finally {
      await server.stop();
    }
  }
}

export async function judgeExamples(esbuild, folder, harness, world) {
  const { bun, deno } = programs;
  const examples = [
    [
      "deno-serve.ts",
      deno,
      () => serves("deno-serve.ts", deno, [...DENO, ...SOCKETS], folder, harness),
    ],
    ["bun-serve.ts", bun, () => serves("bun-serve.ts", bun, ["run"], folder, harness)],
    ["worker.mjs", programs.workerd, () => worker(esbuild, folder, harness, world)],
  ];
  const results = [];
  for (const [name, program, run] of examples) {
    // Where a runtime is missing, its tests have said so.
    if (existsSync(program)) results.push({ feature: "examples", name, failure: await fails(run) });
  }
  return { results };
}
