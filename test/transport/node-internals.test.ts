import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import {
  allowHalfOpenHttp,
  compileModule,
  createHandle,
  guardMessages,
  handleOf,
  type ListeningHandle,
  listenOnly,
  nodeMajor,
  pauseAccepting,
  resumeAccepting,
} from "../../src/transport/node-internals.js";
import { describeWith } from "../harness/describe-with.js";
import { makeFolder } from "../harness/server-process.js";

const handles: ListeningHandle[] = [];
const sockets: net.Socket[] = [];
afterEach(() => {
  for (const handle of handles.splice(0)) handle.close();
  for (const socket of sockets.splice(0)) socket.destroy();
});

function create(...args: Parameters<typeof createHandle>): ListeningHandle {
  const handle = createHandle(...args);
  if (handle === undefined || typeof handle === "number") throw new Error(`no handle: ${handle}`);
  handles.push(handle);
  return handle;
}

async function connect(target: net.NetConnectOpts): Promise<void> {
  const socket = net.connect(target);
  sockets.push(socket);
  await once(socket, "connect");
}

function bound(kind: string): { handle: ListeningHandle; target: net.NetConnectOpts } {
  if (kind === "unix") {
    const path = join(makeFolder(), "app.sock");
    return { handle: create(path, -1, -1), target: { path } };
  }
  const handle = create("127.0.0.1", 0, 4);
  const name: { port?: number } = {};
  handle.getsockname?.(name);
  return { handle, target: { host: "127.0.0.1", port: name.port as number } };
}

describe.each(["unix", "tcp"])("a socket that only listens: %s", (kind) => {
  it("lets connections wait, and accepts none", async () => {
    const { handle, target } = bound(kind);
    let accepted = 0;
    Object.assign(handle, { onconnection: () => (accepted += 1) });
    expect(listenOnly(handle, 511)).toBe(0);
    for (let count = 0; count < 3; count++) await connect(target);
    await sleep(50);
    expect(accepted).toBe(0);
  });
});

describe.each(["unix", "tcp"])("a server that pauses: %s", (kind) => {
  it("accepts one connection at a time, also when more wait", async () => {
    const { handle: first, target } = bound(kind);
    listenOnly(first, 511);
    for (let count = 0; count < 3; count++) await connect(target);
    // A process that shares the socket has a descriptor of its own; here it is the same one.
    handles.splice(0);
    const server = net.createServer();
    server.listen({ fd: first.fd });
    const handle = handleOf(server) as ListeningHandle;
    expect(pauseAccepting(handle)).toBe(0);
    let accepted = 0;
    server.on("connection", (socket) => {
      sockets.push(socket);
      accepted += 1;
      pauseAccepting(handle);
    });
    await sleep(50);
    expect(accepted).toBe(0);
    for (let count = 1; count <= 3; count++) {
      resumeAccepting(handle);
      await sleep(50);
      expect(accepted).toBe(count);
    }
    server.close();
  });
});

it("finds that a port is taken when it listens", async () => {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  const handle = createHandle("127.0.0.1", port, 4);
  const error = typeof handle === "number" ? handle : listenOnly(handle as ListeningHandle, 511);
  expect(error).toBeLessThan(0);
  if (typeof handle === "object") handle.close();
  server.close();
});

describe("an HTTP server that allows half-open connections", () => {
  /** What a client reads that ends its side after its request, which is answered a while later. */
  async function answerAfterEnd(prepare: (server: http.Server) => void): Promise<string> {
    const server = http.createServer((incoming, response) => {
      incoming.on("close", () => setTimeout(() => response.end("late"), 50)).resume();
    });
    prepare(server);
    await once(server.listen(0, "127.0.0.1"), "listening");
    const client = net.connect((server.address() as net.AddressInfo).port, "127.0.0.1");
    client.end("GET / HTTP/1.0\r\n\r\n");
    const answer = await text(client);
    server.close();
    return answer;
  }

  it("answers a client that has ended its side", async () => {
    expect(await answerAfterEnd(allowHalfOpenHttp)).toContain("late");
  });

  it("is not what Node makes by itself", async () => {
    expect(await answerAfterEnd(() => {})).toBe("");
  });
});

describe("a child process", () => {
  it.each([
    ["that writes no JSON to its descriptor", "fs.writeSync(3, 'no JSON\\n')"],
    ["that sends what only Node sends", "process._send({ cmd: 'NODE_HANDLE_ACK' })"],
  ])("%s is reported, and ends nothing", async (_, statement) => {
    const script = join(makeFolder(), "child.cjs");
    writeFileSync(
      script,
      `const fs = require("node:fs");\n${statement};\nprocess.on("message", () => {});\n`,
    );
    const child = fork(script, { execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
    const faults: unknown[] = [];
    try {
      await new Promise<void>((resolve) => {
        guardMessages(child, (error) => {
          faults.push(error);
          resolve();
        });
      });
    } finally {
      child.kill("SIGKILL");
    }
    expect(faults[0]).toBeInstanceOf(Error);
  });
});

describe("the options of sockets", () => {
  const script = fileURLToPath(new URL("./socket-shape.mjs", import.meta.url));

  /** How many hidden classes the options of a hundred sockets have. */
  function shapesOf(how: "as it comes" | "shared" | "of a client"): number {
    const args = ["--allow-natives-syntax", "--no-warnings", script, how];
    return Number(execFileSync(process.execPath, args, { encoding: "utf8" }));
  }

  it("share one hidden class", () => {
    expect(shapesOf("shared")).toBe(1);
  });

  it("share it by themselves in a client that opens many", () => {
    expect(shapesOf("of a client")).toBe(1);
  });

  it("do not in Node 20 by themselves", () => {
    expect(shapesOf("as it comes")).toBe(nodeMajor === 20 ? 100 : 1);
  });
});

describe("the text of a module", () => {
  it("is compiled with an import() that loads files", async () => {
    const load = compileModule("module.exports = (url) => import(url)", "/no/such/file");
    const file = new URL("./socket-shape.mjs", import.meta.url);
    expect(compileModule("module.exports = 1 + 1", "/no/such/file")).toBe(2);
    const builtin = (load as (url: string) => Promise<{ join: unknown }>)("node:path");
    expect((await builtin).join).toBeTypeOf("function");
    const missing = (load as (url: string) => Promise<unknown>)(`${file.href}.missing`);
    await expect(missing).rejects.toThrow("Cannot find module");
  });
});

/** Runs a program on a terminal that nobody reads, and prints its exit code. */
const onUnreadTerminal = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

describeWith(["python3"], "a terminal that takes nothing, as after Ctrl-S", () => {
  it("makes no write wait", () => {
    const module = new URL("../../dist/transport/node-internals.js", import.meta.url).href;
    const program = `import { writeWithoutWaiting } from ${JSON.stringify(module)};
      writeWithoutWaiting(process.stdout);
      process.stdout.write("x".repeat(1_000_000));
      process.exit(7);`;
    const node = [process.execPath, "--input-type=module", "-e", program];
    const code = execFileSync("python3", ["-c", onUnreadTerminal, ...node], { timeout: 15_000 });
    expect(code.toString()).toBe("7\n");
  });
});
