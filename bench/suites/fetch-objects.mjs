// What the objects of one small request cost on their own.
import { compare } from "../lib/compare.mjs";
import { load } from "../lib/package.mjs";
import { variables } from "../serve/requests.mjs";

const { Variables } = await load("cgi/variables.js");
const { requestFromVariables, requestParts } = await load("cgi/request-from-variables.js");
const { createRequest } = await load("server/request-context.js");
const { installLazyFetch } = await load("server/lazy-fetch/install.js");
const { bytesOf } = await load("server/lazy-fetch/response.js");
const { formatResponseHead } = await load("cgi/response.js");

const all = new Variables(variables);
const { signal } = new AbortController();
const lazy = () => createRequest(requestParts(all), undefined, { signal }, lazyFetch);
const own = () => requestFromVariables(all);
const asked = (request) => request.method.length + request.url.length;
const text = (request) => `${request.method} ${request.url}`;
const headers = { "content-type": "text/plain" };
const RuntimeResponse = globalThis.Response;
const lazyFetch = installLazyFetch();

await compare({ suite: "serve", name: "a Request of variables, method and URL asked for" }, [
  { name: "made of what is asked for", run: () => asked(lazy()), result: () => text(lazy()) },
  { name: "the runtime's own", run: () => asked(own()), result: () => text(own()) },
]);

/** @returns its head, and its bytes or a stream */
function answer(Response) {
  const response = new Response("hello\n", { headers });
  const head = formatResponseHead(response);
  return [head, bytesOf(response) ?? response.body];
}
const lengthOf = ([head, body]) => head.length + (body === null ? 0 : 1);

await compare(
  { suite: "serve", name: "a small Response, made, its head encoded, its body asked for" },
  [
    ["made of what is asked for", globalThis.Response],
    ["the runtime's own", RuntimeResponse],
  ].map(([name, Response]) => ({
    name,
    run: () => lengthOf(answer(Response)),
    result: () => answer(Response)[0],
  })),
);
