import { rmSync } from "node:fs";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { describeWith } from "../../harness/describe-with.js";
import { type PhpFpm, startPhpFpm } from "../../harness/php-fpm.js";
import { until } from "../../harness/server-process.js";
import { runHere } from "../cli.js";

const BACKLOG = 6;

describeWith(["php-fpm"], "the error of a pool of this machine that does not answer", () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    const common = { pm: "static", maxChildren: 2, backlog: BACKLOG } as const;
    fpm = await startPhpFpm({
      pools: [
        { ...common, name: "unix", listen: "unix" },
        { ...common, name: "tcp", listen: "tcp" },
        { ...common, name: "full", listen: "unix" },
        { ...common, name: "removed", listen: "unix" },
      ],
    });
  });
  afterAll(() => fpm.stop());

  /** Connects clients that send nothing: two hold the workers, the others wait. */
  function hold(name: string, count: number): void {
    const sockets = Array.from({ length: count }, () => connect(fpm.pool(name).endpoint));
    for (const socket of sockets) socket.on("error", () => {});
    onTestFinished(() => sockets.forEach((socket) => void socket.destroy()));
  }

  const statusOf = (address: string) => ["status", address, "--timeout=200ms"];
  const getOf = (address: string) => ["exporter", "get", "--scrape.timeout=200ms", address];

  /** What a command prints once its error is this one. */
  async function failure(name: string, text: RegExp, command = statusOf): Promise<string> {
    let printed = "";
    await until(
      async () => {
        const args = command(fpm.pool(name).address);
        printed = (await runHere(args)).stderr;
        return text.test(printed);
      },
      () => `it printed ${printed}`,
    );
    return printed;
  }

  it.each(["unix", "tcp"])(
    "by %s says how many wait, and how many may, if it is saturated",
    async (name) => {
      hold(name, 3);
      const text = await failure(name, /within 200 ms: .* is not down/s);
      await failure(name, /within 200 ms: .* is not down/s, getOf);
      expect(text).toMatch(
        /within 200 ms: \d+ connections? waits? in its accept queue \(limit 6\), and every worker is busy, stopped, or held by a silent client\nhint: the pool is not down: fcgi-probe doctor TARGET tells busy workers from held ones; /,
      );
    },
  );

  it("a full queue, which refuses the connection, is told with its numbers", async () => {
    hold("full", 2 + BACKLOG + 4);
    const text = await failure("full", /the listen queue is full: [67] connections/);
    expect(text).toMatch(
      /wait in its accept queue \(limit 6\), and every worker is busy, stopped, or held by a silent client\nhint: /,
    );
  });

  it("a pool whose socket file was removed needs a restart", async () => {
    const { address, bareAddress } = fpm.pool("removed");
    rmSync(bareAddress);
    const { stderr } = await runHere(["status", address]);
    expect(stderr).toMatch(/no such socket: .* still listens on it\nhint: restart php-fpm/);
  });

  it("a dead pool and a misconfigured one are no saturated ones", async () => {
    const { address, bareAddress } = fpm.pool("unix");
    const dead = await runHere(["status", `${address.replace("unix.sock", "none.sock")}`]);
    expect(dead.stderr).toMatch(/hint: no socket is at this path: is the pool running/);
    const wrong = await runHere(["status", `unix:${bareAddress}:/nosuch`]);
    expect(wrong.stderr).toMatch(/hint: no such page here: set pm.status_path/);
  });
});
