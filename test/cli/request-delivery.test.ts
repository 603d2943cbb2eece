import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeWith } from "../harness/describe-with.js";
import { cgiProgram, type Fcgiwrap, startFcgiwrap } from "../harness/fcgiwrap.js";
import { type PhpFpm, phpScript, startPhpFpm } from "../harness/php-fpm.js";
import { makeFolder } from "../harness/server-process.js";
import { startUwsgi, type Uwsgi } from "../harness/uwsgi.js";
import { runHere, spawnCommand } from "./cli.js";

interface Echo {
  method: string;
  bodyLength: number;
  body: string;
  server: Record<string, string>;
}

/** What the application reports that it received. */
async function request(target: string, ...args: string[]): Promise<Echo> {
  const { code, stdout, stderr } = await runHere(["request", target, ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout);
}

/** A path that a client can send, but that no URL of the Fetch standard can carry. */
const odd = ["--path", "/app/../se%20cret/é", "--query", "a=1#b\tc d", "-H", "X-Odd: \t a  "];
const arrived = {
  REQUEST_URI: "/app/../se%20cret/é?a=1#b\tc d",
  QUERY_STRING: "a=1#b\tc d",
};

describeWith(["php-fpm"], "request delivers to php-fpm", () => {
  let fpm: PhpFpm;
  let target: string;
  const script = ["--script", phpScript("echo.php")];

  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 2, listen: "unix" }],
    });
    target = fpm.pool("www").bareAddress;
  });
  afterAll(() => fpm.stop());

  it("the path, the query and headers as they were given", async () => {
    const { server } = await request(target, ...script, ...odd);
    expect(server).toMatchObject({
      ...arrived,
      HTTP_X_ODD: "\t a  ",
      SCRIPT_NAME: "/app/../se cret/é",
      SCRIPT_FILENAME: script[1],
    });
  });

  it.each(["TRACE", "patch", "M-SEARCH", "CONNECT"])("the method %s", async (method) => {
    expect((await request(target, ...script, "-X", method)).method).toBe(method);
  });

  it("a GET with a body", async () => {
    const { method, body } = await request(target, ...script, "-X", "GET", "-d", "a&\r\nb");
    expect([method, Buffer.from(body, "base64").toString()]).toEqual(["GET", "a&\r\nb"]);
  });

  it("an empty body, whose length is 0", async () => {
    const { method, server } = await request(target, ...script, "-d", "");
    expect([method, server["CONTENT_LENGTH"]]).toEqual(["POST", "0"]);
  });

  it.runIf(process.platform === "linux")(
    "a file whose size is not that of its content",
    async () => {
      const { body } = await request(target, ...script, "-d", "@/proc/version");
      expect(Buffer.from(body, "base64")).toEqual(readFileSync("/proc/version"));
      const page = "/sys/kernel/mm/transparent_hugepage/enabled";
      const large = await request(target, ...script, "-d", `@${page}`);
      expect(large.bodyLength).toBe(readFileSync(page).length);
    },
  );

  it("a large file", async () => {
    const file = join(makeFolder(), "large");
    writeFileSync(file, Buffer.alloc(3_000_000, "x"));
    expect((await request(target, ...script, "-d", `@${file}`)).bodyLength).toBe(3_000_000);
  });

  it("what front ends send, and what replaces it", async () => {
    const { server } = await request(target, ...script, "-H", "Host: a.test:8080");
    expect(server).toMatchObject({
      DOCUMENT_ROOT: script[1]?.replace(/\/echo.php$/, ""),
      DOCUMENT_URI: "/echo.php",
      GATEWAY_INTERFACE: "CGI/1.1",
      HTTP_ACCEPT: "*/*",
      HTTP_HOST: "a.test:8080",
      HTTP_USER_AGENT: "fcgi-probe",
      REDIRECT_STATUS: "200",
      REMOTE_ADDR: "127.0.0.1",
      REMOTE_PORT: "49152",
      REQUEST_SCHEME: "http",
      REQUEST_URI: "/echo.php",
      SCRIPT_NAME: "/echo.php",
      SERVER_ADDR: "127.0.0.1",
      SERVER_NAME: "a.test",
      SERVER_PORT: "80",
      SERVER_PROTOCOL: "HTTP/1.1",
      SERVER_SOFTWARE: "fcgi-probe",
    });
    const given = Object.keys(server)
      .filter((name) => /^(DOC|GATE|HTTP_|REM|REQUEST_SCH|SERVER_)/.test(name))
      .flatMap((name) => ["--param", `${name}=mine`]);
    const replaced = (await request(target, ...script, ...given)).server;
    for (const name of given.filter((_, index) => index % 2 === 1)) {
      const [key = "", value] = name.split("=");
      expect([key, replaced[key]]).toEqual([key, value]);
    }
  });

  it("a header several times as one, and cookies by their own rule", async () => {
    const headers = ["X-A: 1", "x-a: 2", "Cookie: a=1", "Cookie: b=2", "Content-Type: text/x"];
    const { server } = await request(target, ...script, ...headers.flatMap((text) => ["-H", text]));
    expect(server).toMatchObject({
      HTTP_X_A: "1, 2",
      HTTP_COOKIE: "a=1; b=2",
      CONTENT_TYPE: "text/x",
    });
  });

  it("its error stream whole, on lines of its own", async () => {
    const args = [target, "--script", phpScript("stderr.php"), "--query", "count=3000&bytes=100"];
    const { code, stderr } = await spawnCommand(["request", ...args]);
    expect(code).toBe(0);
    expect(stderr.match(/^PHP message: /gm)?.length).toBe(3_000);
    expect(stderr.endsWith("\n")).toBe(true);
  });
});

describeWith(["fcgiwrap"], "request delivers to a program of CGI", () => {
  let wrap: Fcgiwrap;
  beforeAll(async () => {
    wrap = await startFcgiwrap(1);
  });
  afterAll(() => wrap.stop());

  it("what was given, by way of fcgiwrap and without", async () => {
    const program = cgiProgram("app.py");
    const query = ["--query", "do=echo&a=1#b\tc"];
    const through = await request(wrap.address, "--script", program, ...query, "-X", "purge");
    const run = await request(`cgi:${program}`, ...query, "-X", "purge");
    for (const { method, server } of [through, run]) {
      expect(method).toBe("purge");
      expect(server).toMatchObject({
        QUERY_STRING: "do=echo&a=1#b\tc",
        SCRIPT_NAME: "/app.py",
        SCRIPT_FILENAME: program,
        REMOTE_ADDR: "127.0.0.1",
      });
    }
  });
});

describeWith(["uwsgi"], "request delivers to a uWSGI", () => {
  let uwsgi: Uwsgi;
  beforeAll(async () => {
    uwsgi = await startUwsgi({ processes: 1 });
  });
  afterAll(() => uwsgi.stop());

  describe.each(["uwsgi", "scgi"] as const)("over %s", (protocol) => {
    it("what was given", async () => {
      const args = ["--path", "/app/../x%20y", "--query", "do=echo&a=1#b\tc", "-X", "PuT"];
      const target = uwsgi.address(protocol, "unix");
      const { method, body, server } = await request(target, ...args, "-d", "z", "-H", "X-A: \tb");
      expect([method, Buffer.from(body, "base64").toString()]).toEqual(["PuT", "z"]);
      expect(server).toMatchObject({
        REQUEST_URI: "/app/../x%20y?do=echo&a=1#b\tc",
        QUERY_STRING: "do=echo&a=1#b\tc",
        PATH_INFO: "/app/../x y",
        SCRIPT_NAME: "",
        HTTP_X_A: "\tb",
      });
    });

    it("a request without a path as one for /", async () => {
      const { server } = await request(uwsgi.address(protocol, "tcp"), "--query", "do=echo");
      expect(server).toMatchObject({ PATH_INFO: "/", REQUEST_URI: "/?do=echo" });
    });
  });
});
