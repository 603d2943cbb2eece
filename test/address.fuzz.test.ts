import { strict as assert } from "node:assert";
import fc from "fast-check";
import { describe } from "vitest";
import { type ListenAddress, parseAddress } from "../src/address.js";
import { GatewayError } from "../src/errors.js";
import { parseListenAddress } from "../src/transport/listen-address.js";
import { fuzz } from "./harness/fuzz.js";

const pieces = [
  ...[
    "fcgi://",
    "fastcgi://",
    "scgi://",
    "uwsgi://",
    "http://",
    "tcp://",
    "unix://",
    "cgi:",
    "unix:",
  ],
  ...[
    "[",
    "]",
    "::1",
    "fe80::1",
    "%eth0",
    "%eth0.100",
    "%br-lan",
    "%veth1@if2",
    "127.0.0.1",
    "host",
  ],
  ...[
    ":",
    ";",
    "/",
    "//",
    "///",
    "./",
    "../",
    "@",
    "?",
    "#",
    "%",
    "\\",
    " ",
    "\t",
    "\n",
    "\0",
    "é",
  ],
  ...[
    "9000",
    "0",
    "65536",
    "00080",
    "-1",
    "1e3",
    "run/x.sock",
    "x.sock",
    "status",
    "?full",
    "\ud800",
  ],
];
const hostile = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join("")),
  fc.string({ unit: "binary" }),
);

const readers = [
  ["an address to ask", parseAddress],
  ["an address to listen on", parseListenAddress],
] as const;

/** What an address says, without how it was written. */
const meaning = ({ protocol, endpoint, path }: ListenAddress) => ({ protocol, endpoint, path });

/** An address in our own form. */
function format({ protocol, endpoint, path = "" }: ListenAddress): string {
  if ("program" in endpoint) return `cgi:${endpoint.program}`;
  if ("socketPath" in endpoint) {
    const name = endpoint.socketPath.replace(/^\0/, "@");
    // Two slashes may stand before a path, and are no part of it. Blanks at an address' end are none
    // of it, and may end a socket's path: a colon follows it in any case.
    const slashes = name.startsWith("/") ? "//" : "";
    return `${protocol}://unix:${slashes}${name}:${path}`;
  }
  const { host, port } = endpoint;
  return `${protocol}://${host.includes(":") ? `[${host}]` : host}:${port}${path}`;
}

function read(parse: (text: string) => ListenAddress, text: string): ListenAddress | undefined {
  try {
    return parse(text);
  } catch (error) {
    assert(error instanceof GatewayError);
    assert.equal(error.code, "bad_address");
    return undefined;
  }
}

/** Microseconds of the processor's time. */
function cost(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

describe.each(readers)("%s", (_, parse) => {
  fuzz("is read, or refused by a typed error, and what is read can be written", () =>
    fc.property(hostile, (text) => {
      const address = read(parse, text);
      if (address === undefined) return;
      assert.equal(address.text, text);
      assert(address.path === undefined || address.path.startsWith("/"));
      const { endpoint } = address;
      if ("port" in endpoint) assert(Number.isInteger(endpoint.port) && endpoint.port <= 65_535);
      const again = parse(format(address));
      assert.deepEqual(meaning(again), meaning(address));
    }),
  );

  fuzz("takes no long time, however long it is", () =>
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 4 }), hostile, (parts, end) => {
      const piece = parts.join("");
      const text = piece.repeat(Math.ceil(50_000 / Math.max(1, piece.length))) + end;
      assert(cost(() => void read(parse, text)) < 1_000_000);
    }),
  );
});
