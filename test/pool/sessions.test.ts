import { describe, expect, it } from "vitest";
import { Variables } from "../../src/cgi/variables.js";
import { isSessionId, SessionTable, sessionOf, sessionSetBy } from "../../src/pool/sessions.js";

/** The session of a request with these variables, in their order. */
const session = (...variables: [string, string][]) => sessionOf(new Variables(variables));

describe("S2.37 the session of a request", () => {
  const abc = session(["HTTP_COOKIE", "session=abc"]);
  const address = session(["REMOTE_ADDR", "10.0.0.7"]);
  const cases: [expected: string | undefined, ...variables: [string, string][]][] = [
    [abc, ["HTTP_COOKIE", 'session="abc"']],
    [abc, ["HTTP_COOKIE", "theme=dark; session=abc; lang=en"]],
    [abc, ["HTTP_COOKIE", "x=1, session=abc"]],
    [abc, ["HTTP_COOKIE", "a=b"], ["HTTP_COOKIE", "session=abc"]],
    [abc, ["HTTP_COOKIE", "session=abc"], ["REMOTE_ADDR", "10.0.0.7"]],
    [address, ["HTTP_COOKIE", "mysession=abc"], ["REMOTE_ADDR", "10.0.0.7"]],
    [address, ["HTTP_COOKIE", 'session=""'], ["REMOTE_ADDR", "10.0.0.7"]],
    [address, ["HTTP_X_FORWARDED_FOR", "10.0.0.7, 192.0.2.1"], ["REMOTE_ADDR", "::1"]],
    [undefined, ["REQUEST_METHOD", "GET"]],
  ];
  it.each(cases)("is %j of %j", (expected, ...variables) => {
    expect(session(...variables)).toBe(expected);
  });

  it("is another one for each cookie, and for a cookie that looks like an address", () => {
    const others = [
      session(["HTTP_COOKIE", 'session="a b"']),
      session(["HTTP_COOKIE", "session=10.0.0.7"]),
      session(["REMOTE_ADDR", "10.0.0.8"]),
    ];
    expect(new Set([abc, address, ...others]).size).toBe(5);
  });

  it("is short, and not the cookie", () => {
    expect(session(["HTTP_COOKIE", `session=secret${"x".repeat(50_000)}`])).toMatch(
      /^(?!.*secret)[\w+/]{43}=$/,
    );
  });
});

describe("the session that an answer begins", () => {
  const begun = (...cookies: string[]) =>
    sessionSetBy(new Headers(cookies.map((value) => ["set-cookie", value])));
  const abc = session(["HTTP_COOKIE", "session=abc"]);
  it.each([
    ["session=abc"],
    ["session=abc; Path=/; HttpOnly"],
    ['session="abc"; Path=/'],
    ["theme=dark; Path=/", "session=abc"],
    ["session= abc ; Path=/"],
    ["session=old", "session=abc"],
    ["session=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=0", "session=abc; path=/"],
    ["session=abc; Max-Age=60", "session=old; Path=/old; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
  ])("is that of the requests with its cookie: %s", (...cookies) => {
    expect(begun(...cookies)).toBe(abc);
    expect(isSessionId(begun(...cookies))).toBe(true);
  });

  it.each([[], ["theme=session=abc"], ["session=; Max-Age=0"], ["mysession=abc"], ['session=""']])(
    "is none without one: %s",
    (...cookies) => {
      expect(begun(...cookies)).toBeUndefined();
    },
  );
});

describe("S2.37 the table of sessions", () => {
  it("counts the sessions of a worker, and drops them with it", () => {
    const table = new SessionTable<string>();
    for (const [session, worker] of [
      ["a", "one"],
      ["b", "two"],
      ["c", "one"],
    ] as const) {
      table.assign(session, worker);
    }
    expect(table.countOf("one")).toBe(2);
    table.drop("one");
    expect([table.find("a"), table.find("b"), table.size]).toEqual([undefined, "two", 1]);
  });

  it("drops a session after 600 s without a request", () => {
    let now = 0;
    const table = new SessionTable<string>(() => now);
    table.assign("a", "one");
    now = 599_999;
    table.prune();
    expect(table.size).toBe(1);
    now = 600_000;
    table.prune();
    expect(table.size).toBe(0);
  });

  it("drops sessions sooner when there are many, but not before 10 s", () => {
    let now = 0;
    const table = new SessionTable<number>(() => now);
    for (let session = 0; session < 100; session++) table.assign(`${session}`, 1);
    now = 71_999;
    table.assign("0", 1);
    table.prune();
    expect(table.size).toBe(100);
    now = 72_000;
    table.prune();
    expect(table.size).toBe(1);
  });

  it("counts a session for the worker that has it now", () => {
    const table = new SessionTable<string>();
    table.assign("a", "one");
    table.assign("a", "one");
    table.assign("a", "two");
    expect([table.countOf("one"), table.countOf("two"), table.size]).toEqual([0, 1, 1]);
  });

  it("keeps the 65,536 sessions that were used last", () => {
    const table = new SessionTable<string>();
    for (let session = 0; session < 65_536; session++) table.assign(`${session}`, "one");
    table.assign("0", "one");
    table.assign("new", "one");
    expect([table.size, table.countOf("one")]).toEqual([65_536, 65_536]);
    expect(["0", "1", "new"].map((session) => table.find(session))).toEqual([
      "one",
      undefined,
      "one",
    ]);
  });
});
