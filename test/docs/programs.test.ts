import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeWith } from "../harness/describe-with.js";
import { startNginx } from "../harness/nginx.js";
import { type PhpFpm, startPhpFpm } from "../harness/php-fpm.js";
import { makeFolder, ServerProcess } from "../harness/server-process.js";
import { blocksOf, pages, root } from "./pages.js";

const run = promisify(execFile);
const folder = makeFolder();
const sockets = makeFolder();

interface Program {
  readonly name: string;
  readonly kind: string;
  readonly text: string;
}

/** The blocks of JavaScript of the documents for users, but for parts of a program. */
const programs: readonly Program[] = pages
  .filter(({ path }) => path === "README.md" || path.startsWith("docs/"))
  .flatMap((page) =>
    blocksOf(page)
      .filter(({ language, kind }) => language === "js" && kind !== "part")
      .map(({ kind, text }, at) => ({ name: `${page.path}, block ${at + 1}`, kind, text })),
  );
const fileOf = (program: Program): string => `program-${programs.indexOf(program)}.mjs`;

/** What Cloudflare has, over Node's sockets. */
const SOCKETS = `import { connect as open } from "node:net";
import { Duplex } from "node:stream";
export const connect = () => Duplex.toWeb(open(process.env.POOL));
`;
const SOCKET_TYPES = `export declare const connect: (address: string) => {
  readable: ReadableStream<Uint8Array>;
  writable: WritableStream<Uint8Array>;
};
`;

beforeAll(() => {
  mkdirSync(join(folder, "node_modules", "@types"), { recursive: true });
  symlinkSync(root, join(folder, "node_modules", "fcgi-probe"));
  for (const name of ["@types/node", "undici-types", "hono"]) {
    symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "sockets.mjs"), SOCKETS);
  writeFileSync(join(folder, "sockets.d.mts"), SOCKET_TYPES);
  writeFileSync(join(folder, "app.mjs"), "export default () => new Response();\n");
  for (const program of programs) {
    const text = program.text.replace("cloudflare:sockets", "./sockets.mjs");
    writeFileSync(join(folder, fileOf(program)), text);
  }
});
afterAll(() => {
  for (const each of [folder, sockets]) rmSync(each, { recursive: true });
});

describe("the programs of the documents", () => {
  it("fit the types of the package", async () => {
    const compilerOptions = {
      allowJs: true,
      checkJs: true,
      noEmit: true,
      target: "ES2022",
      lib: ["ES2023", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
      module: "NodeNext",
      // Programs have no annotations, so the types of their parameters are unknown.
      strict: true,
      noImplicitAny: false,
      skipLibCheck: true,
      types: ["node"],
    };
    const files = programs.map(fileOf);
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const { stdout } = await run(process.execPath, [tsc, "--project", folder], {
      cwd: folder,
    }).catch((error: { stdout: string }) => error);
    expect(stdout.replace(/program-(\d+)\.mjs/g, (_, at) => programs[Number(at)]?.name ?? "")).toBe(
      "",
    );
  });
});

describeWith(["php-fpm", "nginx"], "the programs that run", () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 2, listen: "unix" }],
    });
  });
  afterAll(() => fpm?.stop());

  /** Runs a program at the addresses of the test. @returns what it prints */
  async function outputOf(program: Program): Promise<string> {
    const text = program.text
      .replaceAll("/run/php/php8.2-fpm.sock", fpm.pool("www").bareAddress)
      .replaceAll("/var/www/html", program.kind === "php" ? folder : fpm.documentRoot);
    writeFileSync(join(folder, fileOf(program)), text);
    const { stdout } = await run(process.execPath, [join(folder, fileOf(program))]);
    return stdout;
  }

  const readme = (kind: string): Program =>
    programs.find((each) => each.name.startsWith("README") && each.kind === kind) ??
    expect.fail(`README has no program ${kind}`);

  it.each(programs.filter(({ kind }) => kind === "run").map((each) => [each.name, each] as const))(
    "%s",
    async (_, program) => {
      expect(await outputOf(program)).not.toBe("");
    },
  );

  it("README's status says what the pool does", async () => {
    expect(await outputOf(readme("status"))).toMatch(/^1 \[.*'\/status\?full'/);
  });

  it("README's front controller gets what the visitor asked for", async () => {
    const show = "<?php echo $_SERVER['SCRIPT_NAME'], ' ', $_SERVER['REQUEST_URI'];";
    writeFileSync(join(folder, "index.php"), show);
    expect(await outputOf(readme("php"))).toBe("200 /index.php /products/7?page=2\n");
  });

  it("README's server answers nginx, which runs as another user", async () => {
    const program = readme("serve");
    const socket = join(sockets, "app.sock");
    chmodSync(sockets, 0o755);
    // Only root gives sockets away; without it, nginx is of this user's group.
    const group = process.getuid?.() === 0 ? '"www-data"' : `${process.getgid?.()}`;
    const text = program.text.replaceAll("/run/app.sock", socket).replace('"www-data"', group);
    writeFileSync(join(folder, fileOf(program)), `${text}console.log("ready");\n`);
    const args = [join(folder, fileOf(program))];
    const server = new ServerProcess(process.execPath, args, makeFolder());
    try {
      await server.ready(() => server.output.includes("ready"));
      await using nginx = await startNginx(`unix:${socket}`, "", "", "www-data");
      const response = await fetch(`${nginx.url}/there`);
      expect([response.status, await response.text()]).toEqual([200, "Hello from /there\n"]);
    } finally {
      await server.stop();
    }
  });

  it("README's worker answers with a pool's numbers", async () => {
    const file = join(folder, fileOf(readme("worker")));
    const call = `const { default: worker } = await import(${JSON.stringify(file)});
      process.stdout.write(await (await worker.fetch()).text());`;
    const env = { ...process.env, POOL: fpm.pool("www").bareAddress };
    const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", call], {
      env,
    });
    expect(JSON.parse(stdout)).toEqual({ busy: 1, idle: 1 });
  });
});
