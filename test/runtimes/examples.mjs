// Runs the examples that need another runtime than Node, as their first lines say.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { here, root } from "./project.mjs";
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

/** The first block of docs/edge.md in a language that has `text` in it. */
function blockOfPage(language, text) {
  const page = readFileSync(join(root, "docs", "edge.md"), "utf8");
  const blocks = page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm"));
  return [...blocks].map(([, block]) => block).find((block) => block.includes(text));
}

/** The Worker, bundled and started as docs/edge.md says, over TCP and over a unix socket. */
async function worker(project, { freePort }, world) {
  const folder = join(project, "worker-example");
  mkdirSync(folder);
  copyFileSync(join(root, "examples", "worker.mjs"), join(folder, "worker.mjs"));
  const [command] = /(?<=^npx esbuild ).*/m.exec(blockOfPage("sh", "npx esbuild"));
  const esbuild = join(here, "node_modules", "esbuild", "bin", "esbuild");
  const bundled = spawnSync("sh", ["-c", `"$0" ${command}`, esbuild], { cwd: folder });
  check(bundled.status === 0, bundled.stderr);
  const { host, port } = world.tcp;
  const bindings = {
    tcp: `(name = "POOL", text = "${host}:${port}")`,
    unix: '(name = "PHP", service = "php-fpm")',
  };
  for (const [pool, binding] of Object.entries(bindings)) {
    const address = `127.0.0.1:${await freePort()}`;
    const config = blockOfPage("capnp", "using Workerd")
      .replace(/\(name = "POOL", .*?\)/, binding)
      .replace("/run/php/php-fpm.sock", world.socket)
      .replace("127.0.0.1:8080", address);
    writeFileSync(join(folder, "worker.capnp"), config);
    const args = ["serve", "worker.capnp", "--control-fd=1"];
    const server = await startServer(programs.workerd, args, folder, '"listen"');
    try {
      const text = await (await fetch(`http://${address}/`)).text();
      check(text.includes(`"pool":"${pool}","activeProcesses":1,"totalProcesses":1`), text);
    } finally {
      await server.stop();
    }
  }
}

export async function judgeExamples(folder, harness, world) {
  const { bun, deno } = programs;
  const examples = [
    [
      "deno-serve.ts",
      deno,
      () => serves("deno-serve.ts", deno, [...DENO, ...SOCKETS], folder, harness),
    ],
    ["bun-serve.ts", bun, () => serves("bun-serve.ts", bun, ["run"], folder, harness)],
    ["worker.mjs", programs.workerd, () => worker(folder, harness, world)],
  ];
  const results = [];
  for (const [name, program, run] of examples) {
    // Where a runtime is missing, its tests have said so.
    if (existsSync(program)) results.push({ feature: "examples", name, failure: await fails(run) });
  }
  return { results };
}
