// What the objects of one small request cost by themselves.
import { compare } from "../lib/compare.mjs";
import { loadPackages } from "../lib/packages.mjs";
import { variables } from "../serve/requests.mjs";

const [entry] = await loadPackages();
const { Variables } = await entry.module("cgi/variables.js");
const { requestFromVariables, requestParts } = await entry.module("cgi/request-from-variables.js");
const { createRequest } = await entry.module("gateway/lazy-request.js");
const { bufferedBody } = await entry.module("gateway/buffered-body.js");
const { encodeResponseHead } = await entry.module("cgi/response.js");

const all = new Variables(variables);
const { signal } = new AbortController();
const lazy = () =>
  createRequest({ parts: requestParts(all), body: undefined, signal: () => signal });
const whole = () => requestFromVariables(all);
const asked = (request) => request.method.length + request.url.length;
const text = (request) => `${request.method} ${request.url}`;
const respond = () => new Response("hello\n", { headers: { "content-type": "text/plain" } });

await compare({ suite: "serve", name: "a Request of variables, method and URL asked for" }, [
  { name: "made of what is asked for", run: () => asked(lazy()), result: () => text(lazy()) },
  { name: "the runtime's own", run: () => asked(whole()), result: () => text(whole()) },
]);
await compare({ suite: "serve", name: "a small Response" }, [
  {
    name: "made, and its head and body encoded",
    run() {
      const response = respond();
      return encodeResponseHead(response).length + bufferedBody(response).length;
    },
    result: () => bufferedBody(respond()).length,
  },
  { name: "made", run: () => respond().status },
]);
