import { once } from "node:events";
import net from "node:net";
import { PassThrough, Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Variable } from "../../../src/cgi/variables.js";
import { encodeRequest } from "../../../src/scgi/client.js";
import { fromWsgi, type WsgiApplication } from "../../../src/server/adapters/wsgi.js";
import { compose, type HandlerLike, handlerOf } from "../../../src/server/handler.js";
import { serve } from "../../../src/server/serve.js";
import { serveCgi } from "../../../src/server/serve-cgi.js";
import { encodePacket } from "../../../src/uwsgi/encode.js";
import { begin, bodiesOf, endStdin, join, params } from "../../fastcgi/records-of.js";

type Named = Readonly<Record<string, string>>;

const get = { REQUEST_METHOD: "GET" };
const variablesOf = (more: Named): Variable[] => Object.entries({ ...get, ...more });

/** A request of each protocol, as its front ends send it. */
const requests = {
  fcgi: (more: Named) =>
    join(begin(1, { keep: false }), params(1, { ...get, ...more }), endStdin(1)),
  scgi: (more: Named) => encodeRequest(variablesOf(more), 0),
  uwsgi: (more: Named) => encodePacket({ variables: variablesOf(more) }),
};
type Name = keyof typeof requests;

/** All that an application answers to one request, without the records that carry it. */
async function answer(application: HandlerLike, protocol: Name, more: Named = {}) {
  await using server = await serve(application, { listen: `${protocol}://127.0.0.1:0` });
  const socket = net.connect(Number(/:(\d+)$/.exec(server.address)?.[1]), "127.0.0.1");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.write(requests[protocol](more));
  await once(socket, "close");
  if (protocol !== "fcgi") return Buffer.concat(chunks).toString("latin1");
  return bodiesOf(new Uint8Array(Buffer.concat(chunks)))
    .map(([, body]) => ("bytes" in body ? Buffer.from(body.bytes).toString("latin1") : ""))
    .join("");
}

/** What an application writes to standard output as a CGI program. */
async function program(application: HandlerLike): Promise<string> {
  const stdout = new PassThrough();
  const env = { ...get, SERVER_NAME: "h" };
  expect(await serveCgi(application, { env, stdin: Readable.from([]), stdout })).toBe(0);
  return String(stdout.read());
}

const writing = (text: string): HandlerLike => ({
  async streams(_variables, _input, output) {
    await output.getWriter().write(text);
  },
});
const local = writing("Location: /there?a=b\n\n");

/** The redirect of a Response without a body, whose length is known. */
const redirect = "location: /there\r\ncontent-length: 0\r\nStatus: 302 Found\r\n\r\n";

describe("CGI's local redirect", () => {
  it.each(["fcgi", "scgi"] as const)(
    "goes to a front end of %s as it was written",
    async (name) => {
      expect(await answer(local, name)).toBe("location: /there?a=b\r\n\r\n");
    },
  );

  it("is what a CGI program writes", async () => {
    expect(await program(local)).toBe("location: /there?a=b\r\n\r\n");
  });

  it("is an ordinary redirect to front ends of uwsgi, which get a status line", async () => {
    expect(await answer(local, "uwsgi")).toBe(
      "HTTP/1.1 302 Found\r\nlocation: /there?a=b\r\ncontent-length: 0\r\n\r\n",
    );
  });

  it.each([
    ["Caddy", { SERVER_SOFTWARE: "Caddy/2.6.2" }],
    ["mod_proxy_fcgi", { SCRIPT_FILENAME: "proxy:fcgi://127.0.0.1:9000/x" }],
  ])("is an ordinary redirect to %s, which would show an empty page", async (_, variables) => {
    const ordinary = "location: /there?a=b\r\ncontent-length: 0\r\nStatus: 302 Found\r\n\r\n";
    expect(await answer(local, "fcgi", variables)).toBe(ordinary);
    const wsgi = fromWsgi((_environ, startResponse) => {
      startResponse("200 OK", [["Location", "/there"]]);
      return [];
    });
    expect(await answer(wsgi, "fcgi", variables)).toBe(redirect);
  });

  it("is left to mod_proxy_scgi, which serves it", async () => {
    const variables = { SCRIPT_FILENAME: "proxy:scgi://127.0.0.1:4000/x" };
    expect(await answer(local, "scgi", variables)).toBe("location: /there?a=b\r\n\r\n");
  });

  it.each([
    ["has a Status", "Status: 302 Found\nLocation: /there\n\n"],
    ["leads to another server", "Location: http://example.com/there\n\n"],
    ["leads to another server, whose scheme is the same", "Location: //example.com/there\n\n"],
    ["begins like HTTP", "HTTP/1.1 302 Found\nLocation: /there\n\n"],
  ])("is an ordinary redirect when it %s", async (_, head) => {
    expect(await answer(writing(head), "scgi")).toMatch(/\r\nStatus: 302 Found\r\n\r\n$/);
  });

  it("is never made from a Response, whatever it redirects to", async () => {
    const handler = () => new Response(null, { status: 302, headers: { location: "/there" } });
    expect(await answer(handler, "scgi")).toBe(redirect);
    expect(await program(handler)).toBe(redirect);
  });

  it("becomes an ordinary redirect when middleware has changed it", async () => {
    const elsewhere = compose((next) => async (request, context) => {
      const response = await next(request, context);
      response.headers.set("location", "https://example.com/");
      return response;
    })(handlerOf(local));
    expect(await answer(elsewhere, "scgi")).toMatch(/\r\nStatus: 302 Found\r\n\r\n$/);
  });
});

describe("CGI's local redirect, of an application of WSGI", () => {
  const wsgi = (headers: [string, string][], chunks: string[] = [], status = "200 OK") => {
    const application: WsgiApplication = (_environ, startResponse) => {
      startResponse(status, headers);
      return chunks;
    };
    return fromWsgi(application);
  };
  const there: [string, string] = ["Location", "/there"];

  it.each([
    ["alone", [there]],
    ["with what PEP 3333's validators ask for", [there, ["Content-Type", "text/plain"]]],
    ["with a length of 0", [there, ["Content-Length", "0"]]],
  ] as [string, [string, string][]][])(
    "is a Location with the status 200, %s",
    async (_, headers) => {
      expect(await answer(wsgi(headers), "scgi")).toBe("location: /there\r\n\r\n");
      expect(await program(wsgi(headers))).toBe("location: /there\r\n\r\n");
      expect(await answer(wsgi(headers), "uwsgi")).toBe(
        "HTTP/1.1 302 Found\r\nlocation: /there\r\ncontent-length: 0\r\n\r\n",
      );
    },
  );

  it.each([
    ["another status", wsgi([there], [], "201 Created")],
    ["a body", wsgi([there], ["body"])],
    ["other fields", wsgi([there, ["X-A", "1"]])],
    ["a URL", wsgi([["Location", "http://example.com/there"]])],
  ])("is not made with %s", async (_, application) => {
    expect(await answer(application, "scgi")).toMatch(/\r\nStatus: 20[01] /);
  });
});
