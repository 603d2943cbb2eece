import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashSync } from "bcryptjs";
import { describe, expect, it, vi } from "vitest";
import { BasicAuth, parseBasic } from "../../src/web/basic-auth.js";
import { BcryptThread } from "../../src/web/bcrypt-thread.js";
import { makeFolder } from "../harness/server-process.js";
import { exchange, listenForTest, requestText } from "./listen-for-test.js";

const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
const users = new Map([["alice", hashSync("secret", 5)]]);

/** Of a client that stays. */
const here = new AbortController().signal;

/** A checker, and the hashes that passwords were compared with. */
function checker() {
  const auth = new BasicAuth();
  const compared: string[] = [];
  const compare = BcryptThread.prototype.compare;
  const spy = vi.spyOn(BcryptThread.prototype, "compare").mockImplementation(function (
    this: BcryptThread,
    password,
    hash,
    isWanted,
  ) {
    compared.push(hash);
    return compare.call(this, password, hash, isWanted);
  });
  return {
    auth,
    compared,
    [Symbol.dispose]() {
      spy.mockRestore();
      auth.close();
    },
  };
}

describe("credentials", () => {
  it("are right for a user and the password of its hash alone", async () => {
    using it = checker();
    expect(await it.auth.check(basic("alice", "secret"), users, here)).toBe("right");
    expect(await it.auth.check(basic("alice", "Secret"), users, here)).toBe("wrong");
    expect(await it.auth.check(basic("bob", "secret"), users, here)).toBe("wrong");
    expect(await it.auth.check(undefined, users, here)).toBe("wrong");
  });

  it("cost one comparison of the same cost for a known and an unknown user", async () => {
    using it = checker();
    await it.auth.check(basic("alice", "wrong"), users, here);
    await it.auth.check(basic("nobody", "wrong"), users, here);
    expect(it.compared.map((hash) => hash.slice(3, 7))).toEqual(["$05$", "$05$"]);
  });

  it("are compared once, whether right or wrong, and once for many at a time", async () => {
    using it = checker();
    const check = (password: string) => it.auth.check(basic("alice", password), users, here);
    for (const password of ["secret", "wrong"]) {
      await Promise.all([check(password), check(password), check(password)]);
      await check(password);
    }
    expect(it.compared).toHaveLength(2);
  });

  it("that are wrong do not evict those that are right", async () => {
    using it = checker();
    await it.auth.check(basic("alice", "secret"), users, here);
    for (let guess = 0; guess < 110; guess++) {
      await it.auth.check(basic("alice", `guess ${guess}`), users, here);
    }
    const before = it.compared.length;
    await it.auth.check(basic("alice", "secret"), users, here);
    expect(it.compared.length).toBe(before);
    await it.auth.check(basic("alice", "guess 0"), users, here);
    expect(it.compared.length).toBe(before + 1);
  });

  it("are not checked for clients that have gone, and these hold up nobody", async () => {
    const auth = new BasicAuth();
    const dear = new Map([["alice", hashSync("secret", 11)]]);
    const gone = new AbortController();
    const guess = (password: string, signal: AbortSignal) =>
      auth.check(basic("alice", password), dear, signal);
    const first = guess("runs", here);
    const left = Array.from({ length: 64 }, (_, index) => guess(`${index}`, gone.signal));
    const shared = [guess("0", here), first];
    expect(await guess("late", here)).toBe("busy");
    gone.abort();
    const late = guess("late", here);
    const results = await Promise.allSettled(left);
    expect(results.map(({ status }) => status)).toEqual([
      "fulfilled",
      ...Array.from({ length: 63 }, () => "rejected"),
    ]);
    expect(await Promise.all([...shared, late])).toEqual(["wrong", "wrong", "wrong"]);
    auth.close();
  });

  it("are not checked when too many wait", async () => {
    using it = checker();
    const guesses = Array.from({ length: 80 }, (_, guess) =>
      it.auth.check(basic("alice", `${guess}`), users, here),
    );
    const verdicts = await Promise.all(guesses);
    expect(verdicts.filter((verdict) => verdict === "busy")).toHaveLength(15);
    expect(verdicts).not.toContain("right");
  });

  it("of a user that was removed are wrong at once", async () => {
    using it = checker();
    expect(await it.auth.check(basic("alice", "secret"), users, here)).toBe("right");
    const others = new Map([["bob", users.get("alice") ?? ""]]);
    expect(await it.auth.check(basic("alice", "secret"), others, here)).toBe("wrong");
    expect(await it.auth.check(basic("bob", "secret"), others, here)).toBe("right");
  });

  it("are not compared again while the hash of their user stays", async () => {
    using it = checker();
    const carol = hashSync("other", 5);
    await it.auth.check(basic("alice", "secret"), new Map([...users, ["carol", carol]]), here);
    for (const more of [[], [["carol", hashSync("another", 5)] as const]]) {
      const changed = new Map([...users, ...more]);
      expect(await it.auth.check(basic("alice", "secret"), changed, here)).toBe("right");
    }
    expect(it.compared).toHaveLength(1);
    const rehashed = new Map([["alice", hashSync("new", 5)]]);
    expect(await it.auth.check(basic("alice", "secret"), rehashed, here)).toBe("wrong");
    expect(it.compared).toHaveLength(2);
  });

  it.each([
    ["Basic YTpiOmM=", { user: "a", password: "b:c" }],
    ["basic  YTo=", { user: "a", password: "" }],
    ["Basic YQ==", undefined],
    ["Bearer YTpi", undefined],
    ["Basic", undefined],
    ["Basic a b", undefined],
    [`Basic ${"YTpi".repeat(400)}`, undefined],
  ])("are read from %s", (header, credentials) => {
    expect(parseBasic(header)).toEqual(credentials);
  });
});

describe("a listener with users", () => {
  const file = join(makeFolder(), "web.yml");
  const write = (password: string) =>
    writeFileSync(file, `basic_auth_users: { alice: "${hashSync(password, 5)}" }\n`);
  const ask = (port: number, path: string, password: string) =>
    exchange(port, requestText(path, `Authorization: ${basic("alice", password)}\r\n`));

  it("asks for a password on every path", async () => {
    write("secret");
    const { port } = await listenForTest(undefined, { webConfigFile: file });
    for (const path of ["/", "/metrics", "/-/healthy"]) {
      const refused = await exchange(port, requestText(path));
      expect(refused).toMatch(/^HTTP\/1.1 401 Unauthorized\r\n[\s\S]*www-authenticate: Basic\r\n/i);
      expect(await ask(port, path, "wrong")).toMatch(/^HTTP\/1.1 401 /);
      expect(await ask(port, path, "secret")).toMatch(/^HTTP\/1.1 200 /);
    }
  });

  it("takes a new password without a reload, and no longer the old one", async () => {
    write("secret");
    const { port } = await listenForTest(undefined, { webConfigFile: file });
    expect(await ask(port, "/", "secret")).toMatch(/^HTTP\/1.1 200 /);
    write("another");
    expect(await ask(port, "/", "secret")).toMatch(/^HTTP\/1.1 401 /);
    expect(await ask(port, "/", "another")).toMatch(/^HTTP\/1.1 200 /);
  });

  it("answers 500, not openly, while the file is wrong, and logs it once", async () => {
    write("secret");
    const { port, logged } = await listenForTest(undefined, { webConfigFile: file });
    writeFileSync(file, "basic_auth_user: {}\n");
    expect(await ask(port, "/", "secret")).toMatch(/^HTTP\/1.1 500 /);
    expect(await exchange(port, requestText("/"))).toMatch(/^HTTP\/1.1 500 /);
    expect(logged.map(({ error }) => error)).toEqual([
      expect.stringMatching(/:1:1: unknown key "basic_auth_user"/),
    ]);
    write("secret");
    expect(await ask(port, "/", "secret")).toMatch(/^HTTP\/1.1 200 /);
  });
});

describe("a listener with a rate limit and headers", () => {
  it("answers 429 to what is beyond the burst, before it asks for a password", async () => {
    const file = join(makeFolder(), "web.yml");
    const [user] = users.values();
    writeFileSync(
      file,
      `rate_limit: { interval: 1h, burst: 2 }\nbasic_auth_users: { a: "${user}" }\n` +
        "http_server_config: { headers: { X-Frame-Options: deny } }\n",
    );
    const { port } = await listenForTest(undefined, { webConfigFile: file });
    const answers = [];
    for (let request = 0; request < 3; request++)
      answers.push(await exchange(port, requestText("/")));
    expect(answers.map((answer) => answer.slice(9, 12))).toEqual(["401", "401", "429"]);
    for (const answer of answers) expect(answer).toMatch(/\r\nx-frame-options: deny\r\n/i);
  });
});
