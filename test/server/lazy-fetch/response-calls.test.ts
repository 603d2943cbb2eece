import { inspect } from "node:util";
import { describeCalls, shownProperties, shownResponse } from "./calls.js";
import { bodies, encode, headers, inits, statuses, statusTexts } from "./values.js";

const make = (body?: unknown, init?: unknown) =>
  new Response(body as BodyInit, init as ResponseInit);
const shown = (body?: unknown, init?: unknown) => shownResponse(make(body, init));

/** What is asked of an init. Its order changed with Node 24, and is not looked at. */
async function asked(body: unknown, init: object) {
  const names: (string | symbol)[] = [];
  const proxy = new Proxy(init, {
    get(target, name) {
      names.push(name);
      return Reflect.get(target, name);
    },
  });
  const seen = await shown(body, proxy);
  return [names.sort(), seen];
}

/** Classes of the Response that is global now. */
function derived() {
  return class Page extends Response {
    #words = "words";
    extra = 1;
    static from(text: string) {
      return new Page(text, { status: 202 });
    }
    get words() {
      return `${this.#words} ${this.status}`;
    }
  };
}

const table = <Value>(
  what: string,
  values: Record<string, Value>,
  call: (value: Value) => unknown,
) =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${what}: ${name}`, () => call(value)]),
  );
const byText = (values: unknown[]) =>
  Object.fromEntries(values.map((value) => [inspect(value), value]));

await describeCalls("a lazy Response is what the runtime's own is", {
  ...table("init", byText(inits), (init) => shown("a", init)),
  ...table("body", bodies, (body) => shown(body())),
  ...table("a body that has no bytes", bodies, (body) => shown(body(), { status: 204 })),
  ...table("status", byText(statuses), (status) => shown("a", { status })),
  ...table("status without a body", byText(statuses), (status) => shown(null, { status })),
  ...table("status text", byText(statusTexts), (statusText) => shown("a", { statusText })),
  ...table("headers", headers, (make) => shown("a", { headers: make() })),
  ...table("headers of a stream", headers, (make) => shown(new Blob(["a"]), { headers: make() })),
  ...table("json", byText([1, "a", null, undefined, () => {}, 1n, { a: 1 }]), async (data) =>
    shownResponse(Response.json(data)),
  ),
  ...table("json's init", byText(inits), async (init) =>
    shownResponse(Response.json([1], init as ResponseInit)),
  ),
  ...table("json's status", byText(statuses), async (status) =>
    shownResponse(Response.json([1], { status: status as number })),
  ),
  ...table("json's headers", headers, async (make) =>
    shownResponse(Response.json([1], { headers: make() as HeadersInit })),
  ),
  "json of nothing": () => Reflect.apply(Response.json, Response, []),
  "json that is asked once": async () => {
    let times = 0;
    const response = Response.json({ toJSON: () => ++times });
    return [await response.text(), times];
  },
  "redirect and error": async () => [
    await shownResponse(Response.redirect("http://a.test/", 303)),
    await shownResponse(Response.error()),
  ],
  "redirect to nowhere": () => Response.redirect("//"),
  "an init is asked once": () => asked("a", { status: 201, headers: { "x-a": "1" } }),
  "an init of a stream is asked once": () => asked(new Blob(["a"]), { status: 201 }),
  "an init that throws": () =>
    make("a", {
      get status() {
        throw new RangeError("mine");
      },
    }),
  "another one as init": async () => {
    const first = make("a", { status: 201, statusText: "x", headers: { "x-a": "1" } });
    return [await shown(first.body, first), first.bodyUsed];
  },
  "bytes that change": async () => {
    const all = [Buffer.from("abc"), encode("abc"), encode("abc").subarray(1)];
    const responses = all.map((bytes) => make(bytes));
    for (const bytes of all) bytes.fill(0x7a);
    return Promise.all(responses.map((response) => response.text()));
  },
  "without new": () => Reflect.apply(Response, undefined, ["a"]),
  "the class's properties": () => shownProperties(Response),
  "the prototype's properties": () => shownProperties(Response.prototype),
  "the global's": () => {
    const { value, ...flags } = Object.getOwnPropertyDescriptor(globalThis, "Response") ?? {};
    return [typeof value, flags];
  },
  "its own properties": () => [
    Object.hasOwn(Response, "redirect"),
    Object.hasOwn(Response, Symbol.hasInstance),
    Object.getPrototypeOf(Response) === Function.prototype,
    Object.getPrototypeOf(Response.prototype) === Object.prototype,
  ],
  "an object's properties": () => {
    const response = make("a");
    const names: string[] = [];
    for (const name in response) names.push(name);
    const { length } = Object.getOwnPropertyNames(response);
    return [
      names,
      length,
      JSON.stringify(response),
      Object.keys({ ...response }),
      Object.isFrozen(response),
    ];
  },
  "its class": () =>
    [make("a"), make(null), Response.json(1), Response.error(), make("a").clone()].map((each) => [
      each instanceof Response,
      each.constructor === Response,
      Object.getPrototypeOf(each) === Response.prototype,
      Object.prototype.toString.call(each),
      String(each),
    ]),
  "a fetched one's class": async () => {
    const response = await fetch("data:text/plain,a");
    return [response instanceof Response, response.constructor === Response, await response.text()];
  },
  "values that are not Responses": () =>
    [{}, { status: 200 }, null, 5, Response].map((e) => e instanceof Response),
  "subclasses and instanceof": () => {
    const Derived = derived();
    const derivedOne = new Derived("a");
    return [
      make("a") instanceof Derived,
      make("a") instanceof class extends Response {},
      derivedOne instanceof Derived,
      derivedOne instanceof Response,
      derivedOne.constructor === Derived,
      Object.hasOwn(derivedOne, "extra"),
      derivedOne.clone() instanceof Derived,
    ];
  },
  "a subclass": async () => {
    const Page = derived();
    const page = Page.from("a");
    return [page.words, page instanceof Page, page instanceof Response, await shownResponse(page)];
  },
  "Reflect.construct": () => {
    const other = class {};
    const made = Reflect.construct(Response, ["a"], other);
    return [made instanceof Response, made instanceof other];
  },
  "getters of something else": () =>
    Object.getOwnPropertyDescriptor(Response.prototype, "status")?.get?.call({}),
  "methods of something else": () => Response.prototype.text.call({} as Response),
  "methods of nothing": () => Response.prototype.text.call(undefined as never),
  "setting what has no setter": () => Reflect.set(make("a"), "status", 201),
  "properties of one's own": () => {
    const response = Object.assign(make("a"), { mine: 1 });
    Object.defineProperty(response, "status", { value: 299 });
    return [response.mine, response.status, response.ok];
  },
  inspect: () => [
    inspect(make("a", { status: 201 })),
    inspect(make(null)),
    inspect(derived().from("a")),
  ],
  "headers are one object": () => {
    const response = make("a");
    const { headers } = response;
    headers.set("x-a", "1");
    return [
      response.headers === headers,
      [...response.clone().headers],
      headers instanceof Headers,
    ];
  },
  "a copy's headers": async () => {
    const response = make("a");
    const first = response.clone();
    response.headers.append("set-cookie", "a=1");
    response.headers.append("set-cookie", "b=1");
    const second = response.clone();
    second.headers.delete("content-type");
    return Promise.all([first, second, response].map(shownResponse));
  },
  "a blob's type": async () => {
    const response = make("a");
    response.headers.set("content-type", "text/x");
    return (await response.blob()).type;
  },
  "a blob's type that was deleted": async () => {
    const response = make("a");
    response.headers.delete("content-type");
    return [[...response.clone().headers], (await response.blob()).type];
  },
  "a form": async () => {
    const type = "application/x-www-form-urlencoded";
    return [...(await make("a=b", { headers: { "content-type": type } }).formData())];
  },
  "an invalid form": () => make("a=b").formData(),
  "JSON, valid and invalid": async () => [
    await make("[1]").json(),
    await make("[")
      .json()
      .catch((error) => error.name),
  ],
  bytes: async () => [await make("é").arrayBuffer(), await (await make("é").blob()).text()],
  "reading twice": async () => {
    const response = make("a");
    const first = await response.text();
    return [first, response.bodyUsed, response.body?.locked, await response.text()];
  },
  "a copy of what was read": async () => {
    const response = make("a");
    await response.text();
    return response.clone();
  },
  "a stream's chunks": async () => {
    const response = make("ab");
    const reader = response.body?.getReader();
    const first = await reader?.read();
    const used = response.bodyUsed;
    return [first?.value?.constructor.name, used, response.body?.locked, await reader?.read()];
  },
  "a stream that is cancelled": async () => {
    const response = make("ab");
    await response.body?.cancel();
    return [response.bodyUsed, await response.text()];
  },
  "WebAssembly of it": async () => {
    const headers = { "content-type": "application/wasm" };
    const bytes = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    return (
      (await WebAssembly.compileStreaming(make(bytes, { headers }))) instanceof WebAssembly.Module
    );
  },
  "invalid WebAssembly": () => WebAssembly.compileStreaming(make("a")),
});
