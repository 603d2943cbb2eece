import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeWith } from "../harness/describe-with.js";
import { startFakeServer } from "../harness/fake-server.js";
import { type PhpFpm, phpScript, startPhpFpm } from "../harness/php-fpm.js";
import { spawnCommand } from "./cli.js";

describeWith(["php-fpm"], "fcgi-probe bridge to a real php-fpm", () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [{ name: "x", pm: "static", maxChildren: 1, listen: "unix" }],
    });
  });
  afterAll(() => fpm.stop());

  it("S2.37 forwards the environment and standard input, and passes the answer on", async () => {
    const { code, stdout } = await spawnCommand(["bridge", `unix:${fpm.pool("x").bareAddress}`], {
      stdin: "a=1",
      env: {
        REQUEST_METHOD: "POST",
        SCRIPT_NAME: "/echo.php",
        SCRIPT_FILENAME: phpScript("echo.php"),
        QUERY_STRING: "",
        CONTENT_LENGTH: "3",
        CONTENT_TYPE: "application/x-www-form-urlencoded",
      },
    });
    expect(code).toBe(0);
    const body = stdout.slice(stdout.indexOf("\r\n\r\n") + 4);
    expect(JSON.parse(body)).toMatchObject({ method: "POST", bodyLength: 3 });
  });
});

describe("fcgi-probe bridge", () => {
  it("forwards everything that an environment can hold", async () => {
    await using server = await startFakeServer(async (peer) => {
      await peer.receive(1_150_000);
      await peer.send("Status: 200 OK\r\n\r\n");
      peer.end();
    });
    const large = Array.from({ length: 10 }, (_, at) => [`HTTP_X${at}`, "x".repeat(115_000)]);
    const { code, stderr } = await spawnCommand(["bridge", `scgi://${server.address}`], {
      env: { REQUEST_METHOD: "GET", SCRIPT_NAME: "/", ...Object.fromEntries(large) },
    });
    expect([code, stderr]).toEqual([0, ""]);
  });

  it("refuses a malformed address", async () => {
    const { code, stderr } = await spawnCommand(["bridge", "nowhere"]);
    expect(code).toBe(2);
    expect(stderr).toContain('fcgi-probe: "nowhere" is neither');
  });

  it.each(["HTTP_PROXY", "A=b"])("refuses --env %s", async (name) => {
    const { code, stderr } = await spawnCommand(["bridge", "--env", name, "127.0.0.1:1"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      new RegExp(`^fcgi-probe: the variable "${name}" (?:is|has) .*\nhint: .*\n$`),
    );
  });
});
