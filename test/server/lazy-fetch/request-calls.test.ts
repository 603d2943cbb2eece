import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { describeCalls, outcome, shownProperties } from "./calls.js";
import { makeRequest as make } from "./requests.js";

const plain = [
  ...["method", "url", "destination", "referrer", "referrerPolicy", "mode", "credentials", "cache"],
  ...["redirect", "integrity", "keepalive", "isReloadNavigation", "isHistoryNavigation", "duplex"],
  "bodyUsed",
];

/** All that can be seen of a Request, its body read. */
async function shown(request: Request): Promise<unknown> {
  const values = plain.map((name) => [name, Reflect.get(request, name)]);
  const headers = [...request.headers];
  const hasBody = request.body !== null;
  const text = await request.text();
  return [values, headers, hasBody, text, request.bodyUsed, request.signal.aborted];
}

/** What a server gets of a request that goes out by fetch. */
async function sent(send: (url: string) => Promise<Response>): Promise<unknown> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method, url, headers } = request;
      response.end(JSON.stringify([method, url, headers["x-a"], Buffer.concat(chunks).toString()]));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    return await (await send(`127.0.0.1:${port}`)).json();
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const methods = ["GET", "get", "HEAD", "POST", "pOsT", "patch", "PATCH", "PROPFIND", "options"];
const readers = ["text", "json", "arrayBuffer", "blob", "formData", "bytes"] as const;
const read = (request: Request, name: string) =>
  Reflect.apply(Reflect.get(request, name) as () => Promise<unknown>, request, []);
const table = (what: string, names: readonly string[], call: (name: string) => unknown) =>
  Object.fromEntries(names.map((name) => [`${what}: ${name}`, () => call(name)]));

function derived() {
  return class extends Request {
    get by() {
      return this.method;
    }
  };
}

await describeCalls("a lazy Request is what the runtime's own is", {
  ...table("method", methods, (method) => shown(make({ REQUEST_METHOD: method }))),
  ...table("method with a body", methods, (method) =>
    shown(make({ REQUEST_METHOD: method }, "ab")),
  ),
  ...table("read", readers, (name) => read(make({}, "[1]"), name)),
  ...table("read an invalid body", readers, (name) => read(make({}, "[\ud800"), name)),
  ...table("read nothing", readers, (name) => read(make(), name)),
  ...table("read an empty body", readers, (name) => read(make({}, ""), name)),
  ...table("read a byte order mark", readers, (name) => read(make({}, '\ufeff"a"'), name)),
  ...table("read again", readers, async (name) => {
    const request = make({}, "[1]");
    await request.text();
    return [await outcome(() => read(request, name)), request.bodyUsed, request.body?.locked];
  }),
  ...table("read at once", readers, async (name) => {
    const request = make({}, "[1]");
    const first = read(request, name).catch((error) => error.name);
    const used = request.bodyUsed;
    return [await outcome(() => request.text()), await first, used];
  }),
  ...table("read a locked stream", readers, (name) => {
    const request = make({}, "[1]");
    request.body?.getReader();
    return read(request, name);
  }),
  ...table("read after a copy", readers, async (name) => {
    const request = make({}, "[1]");
    const copy = request.clone();
    return [await outcome(() => read(request, name)), await copy.text()];
  }),
  "a buffer of its own": async () => {
    const buffer = await make({}, "abc").arrayBuffer();
    return [buffer.byteLength, new Uint8Array(buffer)];
  },
  "headers are one object": () => {
    const request = make();
    const { headers } = request;
    headers.set("x-a", "2");
    headers.append("x-b", "1");
    return [request.headers === headers, [...request.clone().headers], headers instanceof Headers];
  },
  "invalid headers": async () => [
    await outcome(() => make().headers.set("a b", "c")),
    await outcome(() => make().headers.append("a", "b\nc")),
    await outcome(() => make().headers.get("a b")),
  ],
  "a copy": async () => {
    const request = make({}, "ab");
    request.headers.set("x-a", "2");
    const copy = request.clone();
    request.headers.set("x-a", "3");
    return [await shown(copy), await shown(request)];
  },
  "another of it": async () => {
    const request = make({}, "ab");
    const other = new Request(request);
    return [await shown(other), request.bodyUsed, await outcome(() => new Request(request))];
  },
  "another of it, changed": () =>
    new Request(make({}, "ab"), { method: "PUT", body: "new" }).text(),
  "another like it": async () => {
    const request = make({}, "ab");
    return [await shown(new Request("http://other.test/", request)), request.bodyUsed];
  },
  "a subclass of it": async () => {
    const Signed = derived();
    const signed = new Signed(make({}, "ab"));
    return [signed.by, signed instanceof Signed, signed instanceof Request, await shown(signed)];
  },
  instanceof: () => {
    const Signed = derived();
    return [
      make() instanceof Request,
      make() instanceof Signed,
      make().clone() instanceof Request,
      {} instanceof Request,
    ];
  },
  "its class": () => [
    make().constructor === Request,
    new Request("http://a/").constructor === Request,
    Object.getPrototypeOf(make()) === Request.prototype,
    Object.prototype.toString.call(make()),
  ],
  "the class's properties": () => shownProperties(Request),
  "the prototype's properties": () => shownProperties(Request.prototype),
  "the global's": () =>
    ["Request", "fetch"].map((name) => {
      const { value, ...flags } = Object.getOwnPropertyDescriptor(globalThis, name) ?? {};
      return [typeof value, value.name, value.length, flags];
    }),
  "its own properties": () => [
    Reflect.ownKeys(Request),
    Object.getPrototypeOf(Request) === Function.prototype,
    Object.getPrototypeOf(Request.prototype) === Object.prototype,
  ],
  "an object's properties": () => {
    const names: string[] = [];
    for (const name in make()) names.push(name);
    return [names, Object.getOwnPropertyNames(make()), JSON.stringify(make()), Object.keys(make())];
  },
  "the runtime's own requests": async () => [
    await shown(new Request("http://a.test/", { method: "POST", body: "ab" })),
    await outcome(() => new Request("/no base")),
    await outcome(() => Reflect.construct(Request, [])),
    await outcome(() => Reflect.apply(Request, undefined, ["http://a/"])),
    await outcome(() => new Request("http://a/", { method: "GET", body: "a" })),
  ],
  "getters of something else": () =>
    Object.getOwnPropertyDescriptor(Request.prototype, "url")?.get?.call({}),
  "methods of something else": () => Request.prototype.text.call({} as Request),
  "setting what has no setter": () => Reflect.set(make(), "url", "http://b/"),
  "properties of one's own": () => {
    const request = Object.assign(make(), { mine: 1 });
    Object.defineProperty(request, "url", { value: "http://b/" });
    return [request.mine, request.url, request.method];
  },
  inspect: () => inspect(make()).replace(/signal: AbortSignal[^\n]*/, ""),
  "a signal": () => {
    const controller = new AbortController();
    const request = make({}, undefined, controller.signal);
    const { signal } = request;
    const copies = [request.clone(), new Request(request)];
    controller.abort(new RangeError("mine"));
    return [
      request.signal === signal,
      signal instanceof AbortSignal,
      [request, ...copies].map((each) => [each.signal.aborted, each.signal.reason]),
    ];
  },
  "a signal that was aborted before": () =>
    make({}, "ab", AbortSignal.abort(new RangeError("mine"))).signal.reason,
  "a stream": async () => {
    const request = make({}, "ab");
    const { body } = request;
    const reader = body?.getReader();
    const first = await reader?.read();
    return [request.body === body, first, request.bodyUsed, await reader?.read()];
  },
  "a stream that is cancelled": async () => {
    const request = make({}, "ab");
    await request.body?.cancel();
    return [request.bodyUsed, await outcome(() => request.text())];
  },
  "a stream given on": async () => {
    const request = make({}, "ab");
    const text = await new Response(request.body).text();
    return [text, request.bodyUsed];
  },
  "sent by fetch": () => sent((host) => fetch(make({ HTTP_HOST: host }, "ab"))),
  "sent by fetch, changed": () =>
    sent((host) => fetch(make({ HTTP_HOST: host }, "ab"), { method: "PUT", body: "new" })),
  "sent by fetch, its headers changed": () =>
    sent((host) => {
      const request = make({ HTTP_HOST: host });
      request.headers.set("x-a", "2");
      return fetch(request);
    }),
  "fetch of nothing": () => Reflect.apply(fetch, undefined, []),
  "fetch of an invalid URL": () => fetch("/no base"),
  "fetch of what was read": async () => {
    const request = make({}, "ab");
    await request.text();
    return fetch(request);
  },
});
