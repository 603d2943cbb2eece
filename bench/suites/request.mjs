// What the objects of one small request cost by themselves.
import { compare } from "../lib/compare.mjs";
import { loadPackages } from "../lib/packages.mjs";
import { variables } from "../serve/requests.mjs";

const [entry] = await loadPackages();
const { Variables } = await entry.module("cgi/variables.js");
const { requestFromVariables, requestParts } = await entry.module("cgi/request-from-variables.js");
const { createRequest } = await entry.module("gateway/lazy-request.js");
const { makeResponsesLazy } = await entry.module("gateway/lazy-response.js");
const { bufferedBody } = await entry.module("gateway/buffered-body.js");
const { formatResponseHead } = await entry.module("cgi/response.js");

const all = new Variables(variables);
const { signal } = new AbortController();
const lazy = () => createRequest(requestParts(all), undefined, { signal });
const whole = () => requestFromVariables(all);
const asked = (request) => request.method.length + request.url.length;
const text = (request) => `${request.method} ${request.url}`;
const headers = { "content-type": "text/plain" };
const WholeResponse = globalThis.Response;
makeResponsesLazy();
const LazyResponse = globalThis.Response;

await compare({ suite: "serve", name: "a Request of variables, method and URL asked for" }, [
  { name: "made of what is asked for", run: () => asked(lazy()), result: () => text(lazy()) },
  { name: "the runtime's own", run: () => asked(whole()), result: () => text(whole()) },
]);

/** @returns what goes to the front end */
function answer(Response) {
  const response = new Response("hello\n", { headers });
  return [Buffer.from(formatResponseHead(response), "latin1"), bufferedBody(response)];
}
const lengthOf = ([head, body]) => head.length + body.length;
const textOf = (parts) => Buffer.concat(parts).toString();

await compare(
  { suite: "serve", name: "a small Response, made, and its head and body encoded" },
  [
    ["made of what is asked for", LazyResponse],
    ["the runtime's own", WholeResponse],
  ].map(([name, Response]) => ({
    name,
    run: () => lengthOf(answer(Response)),
    result: () => textOf(answer(Response)),
  })),
);
