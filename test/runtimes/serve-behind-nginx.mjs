// The cases of test/matrix, through a real nginx, with `serveOver` of a runtime behind it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { env } from "./judge.mjs";
import { here } from "./project.mjs";
import { nodes } from "./runtimes.mjs";

/** nginx's ways to a server, the protocol of each, and what it is called in docs/runtimes.md. */
const WAYS = [
  { way: "fastcgi_keep_conn", protocol: "fcgi", feature: "serveOver, FastCGI behind nginx" },
  { way: "scgi_pass", protocol: "scgi", feature: "serveOver, SCGI behind nginx" },
  { way: "uwsgi_pass", protocol: "uwsgi", feature: "serveOver, uwsgi behind nginx" },
];

const noReset = {
  "handler breaks off": {
    is: "taken for whole",
    because: "its streams cannot reset a connection, whose end is the end of the response",
  },
};
/** What a runtime's streams cannot do. */
const OF_THE_RUNTIME = {
  Deno: { scgi_pass: noReset, uwsgi_pass: noReset },
  [nodes[0].name]: { scgi_pass: noReset, uwsgi_pass: noReset },
};

/** The cases, which are TypeScript, and how nginx differs in them from other front ends. */
export async function loadCases(esbuild, folder) {
  const outfile = join(folder, "cases.mjs");
  esbuild.buildSync({
    stdin: {
      contents: 'export * from "./cases.js"; export * from "./differences.js";',
      resolveDir: join(here, "..", "matrix"),
    },
    bundle: true,
    format: "esm",
    platform: "node",
    logLevel: "silent",
    outfile,
  });
  return import(pathToFileURL(outfile).href);
}

/** Starts a program, and waits until it says that it is ready. */
export async function startServer(program, args, folder, ready = "listening") {
  const child = spawn(program, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const listens = new Promise((resolve, reject) => {
    const hear = (bytes) => {
      output += bytes;
      if (output.includes(ready)) resolve();
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("error", reject);
    exited.then((code) => reject(new Error(`the server ended with ${code}:\n${output}`)));
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), 60_000);
  await listens;
  return {
    output: () => output,
    async stop() {
      child.kill("SIGTERM");
      const code = await exited;
      clearTimeout(timer);
      return code;
    },
  };
}

/** Runs all cases behind one runtime. */
export async function judgeServer({ runtime, program, args }, folder, harness, matrix) {
  if (!existsSync(program)) return [];
  const ports = await Promise.all(WAYS.map(() => harness.freePort()));
  const listening = WAYS.map(({ protocol }, at) => `${protocol}=${ports[at]}`);
  const server = await startServer(program, [...args, "edge-server.mjs", ...listening], folder);
  const routes = await Promise.all(
    WAYS.map(async ({ way }, at) => ({
      name: way,
      backend: `127.0.0.1:${ports[at]}`,
      port: await harness.freePort(),
    })),
  );
  const front = await harness.startNginxFront(routes);
  try {
    const through = ({ way, feature }) =>
      runCases({ url: front.urls.get(way), log: front.log, ownLog: server.output }, (name) => ({
        ...matrix.differences[`nginx ${way}`]?.[name],
        ...OF_THE_RUNTIME[runtime]?.[way]?.[name],
      })).then((results) => results.map((result) => ({ feature, ...result })));
    const runCases = async (way, differenceOf) => {
      const results = [];
      for (const { name, run } of matrix.cases) {
        const expected = differenceOf(name).is ?? "ok";
        let seen = await run(way);
        // Some cases tell by the time whether a front end buffers: a failure counts when it repeats.
        if (seen !== expected) seen = await run(way);
        const failure = seen === expected ? undefined : `${seen}, not ${expected}`;
        results.push({ name, failure });
      }
      return results;
    };
    return (await Promise.all(WAYS.map(through))).flat();
  } finally {
    await front.stop();
    await server.stop();
  }
}
