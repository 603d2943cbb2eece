import { describe, expect, it } from "vitest";
import { Variables } from "../../../src/cgi/variables.js";
import { SessionTable, sessionOf } from "../../../src/gateway/prefork/sessions.js";

describe("S2.37 the session of a request", () => {
  const cases: [expected: string | undefined, variables: [string, string][]][] = [
    ["session abc", [["HTTP_COOKIE", 'session="abc"']]],
    ["session abc", [["HTTP_COOKIE", "theme=dark; session=abc; lang=en"]]],
    ["session a b", [["HTTP_COOKIE", 'x=1, session="a b"']]],
    [
      "address 10.0.0.7",
      [
        ["HTTP_COOKIE", "mysession=abc"],
        ["REMOTE_ADDR", "10.0.0.7"],
      ],
    ],
    [
      "address 10.0.0.7",
      [
        ["HTTP_COOKIE", 'session=""'],
        ["REMOTE_ADDR", "10.0.0.7"],
      ],
    ],
    [
      "address 192.0.2.1",
      [
        ["HTTP_X_FORWARDED_FOR", "192.0.2.1, 10.0.0.1"],
        ["REMOTE_ADDR", "::1"],
      ],
    ],
    [
      "session late",
      [
        ["HTTP_COOKIE", "a=b"],
        ["HTTP_COOKIE", "session=late"],
      ],
    ],
    [undefined, [["REQUEST_METHOD", "GET"]]],
  ];
  it.each(cases)("is %j", (expected, variables) => {
    expect(sessionOf(new Variables(variables))).toBe(expected);
  });
});

describe("S2.37 the table of sessions", () => {
  it("counts the sessions of a worker, and forgets them with it", () => {
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

  it("forgets a session after 600 s without a request", () => {
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

  it("forgets sooner when there are many, but not before 10 s", () => {
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
});
