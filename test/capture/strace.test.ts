import { describe, expect, it } from "vitest";
import { isStrace, StraceReader } from "../../src/capture/strace.js";
import { cuts } from "../cuts.js";
import { eventsOf } from "./events-of.js";

const text = (...lines: string[]) =>
  new Uint8Array(Buffer.from(lines.map((line) => `${line}\n`).join("")));
const events = (...lines: string[]) => eventsOf(new StraceReader(), [text(...lines)]).events;

describe("the output of strace", () => {
  it("of a backend has what it reads and writes, however it is cut", () => {
    const output = text(
      "accept(0, {sa_family=AF_UNIX}, [112 => 2]) = 4",
      'read(4, "\\x61\\x62", 8) = 2',
      "poll([{fd=4, events=POLLIN}], 1, 5000) = 1 ([{fd=4, revents=POLLIN}])",
      'write(4, "\\x63\\x64\\x65", 3) = 3',
      "close(4) = 0",
    );
    for (const [how, chunks] of cuts(output)) {
      expect(eventsOf(new StraceReader(), chunks).events, how).toEqual([
        "#1 begun descriptor 4",
        "#1 client: ab",
        "#1 backend: cde",
        "#1 closed",
      ]);
    }
  });

  it("of a front end has the client's side first", () => {
    expect(
      events(
        'writev(9, [{iov_base="\\x61", iov_len=1}, {iov_base="\\x62\\x63", iov_len=2}], 2) = 3',
        'recvfrom(9, "\\x64", 4096, 0, NULL, NULL) = 1',
        'recvfrom(9, "", 4096, 0, NULL, NULL) = 0',
        'sendto(9, "\\x65", 1, 0, NULL, 0) = 1',
      ),
    ).toEqual([
      "#1 begun descriptor 9, on the way",
      "#1 client: abc",
      "#1 backend: d",
      "#1 closed",
      "#2 begun descriptor 9",
      "#2 client: e",
      "#2 closed",
    ]);
  });

  it("of several processes, with times and descriptors' names, joins calls that were interrupted", () => {
    expect(
      events(
        "[pid    12] 10:00:00.000001 read(5<UNIX-STREAM:[7->8]>,  <unfinished ...>",
        '[pid    13] 10:00:00.000002 read(5, "z", 1) = 1 <0.000005>',
        '[pid    12] 10:00:00.000003 <... read resumed>"\\x61\\"\\\\\\n\\1\\0012"..., 64) = 9 <0.1>',
        '[pid    12] sendmsg(5, {msg_name={sa_family=AF_UNIX, sun_path="/x"}, msg_iov=[{iov_base="b", iov_len=1}], msg_iovlen=1}, MSG_NOSIGNAL) = 1',
      ),
    ).toEqual([
      "#1 begun process 13, descriptor 5, on the way",
      "#1 client: z",
      "#2 begun process 12, descriptor 5, on the way",
      '#2 client: a"\\\n\x01\x012',
      "#2 client lacks 2",
      "#2 backend: b",
      "#1 closed",
      "#2 closed",
    ]);
  });

  it("has no bytes of calls that failed, and as many as were written", () => {
    expect(
      events(
        'write(4, "abc", 3) = -1 EAGAIN (Resource temporarily unavailable)',
        'write(4, "abc", 3) = 1',
        'write(4, "bc) = 7", 7) = ? ERESTARTSYS (To be restarted)',
        "--- SIGTERM {si_signo=SIGTERM} ---",
        "+++ exited with 0 +++",
        "no line of strace",
      ),
    ).toEqual(["#1 begun descriptor 4, on the way", "#1 client: a", "#1 closed"]);
  });

  it.each([
    ['read(4, "\\x01", 8) = 1', true],
    ["[pid 1234] accept(0, ", true],
    ["1234  10:11:12.123456 write(3, ", true],
    ["1700000000.123456 <... read resumed>", true],
    ["     0.000123 read(4, ", true],
    ["strace: Process 12 attached", true],
    ["+++ exited with 0 +++", true],
    ["70:CONTENT_LENGTH", false],
    ["Status: 200 OK", false],
    ["HTTP/1.1 200 OK", false],
  ])("is known by its start: %s", (start, expected) => {
    expect(isStrace(start)).toBe(expected);
  });

  it("with a line of more than 16 MiB is refused, with the offset of the line", () => {
    const line = new Uint8Array(1_048_576).fill(0x61);
    const chunks = [text("close(4) = 0"), ...Array.from({ length: 17 }, () => line)];
    const { problem } = eventsOf(new StraceReader(), chunks);
    expect(problem).toMatchObject({ code: "limit_exceeded", offset: 13 });
  });
});
