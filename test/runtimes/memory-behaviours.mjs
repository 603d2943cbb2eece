// What the edge door does without sockets: status pages, and a client and a server over streams in memory.
import { gatewayFetchOver, parseStatusPage, serveOver } from "fcgi-probe/edge";
import { equal, latin1, throwsCode, throwsLater } from "./expect.mjs";
import { page } from "./php-fpm-answer.mjs";

/** Both ends of a connection. */
function connection() {
  const [up, down] = [new TransformStream(), new TransformStream()];
  return [
    { readable: down.readable, writable: up.writable },
    { readable: up.readable, writable: down.writable },
  ];
}

async function ask(handler, request, options = {}) {
  const [client, server] = connection();
  const errors = [];
  const done = serveOver(server, handler, {
    ...options,
    onError: (error) => errors.push(error.message),
  });
  const response = await gatewayFetchOver(client, request, options);
  return { response, done, errors };
}

const feature = "serveOver, any streams";
const body = new Uint8Array(200_000).map((_, index) => index % 251);

export const memoryBehaviours = [
  {
    feature: "parseStatusPage",
    name: "reads php-fpm's status page",
    run: () => {
      const status = parseStatusPage(latin1(page));
      equal(
        [status.pool, status.processManager, status.startTime.toISOString(), status.startSince],
        ["static", "static", "2026-11-20T18:28:16.000Z", 41],
      );
      equal([status.acceptedConn, status.idleProcesses, status.totalProcesses], [4, 3, 4]);
      equal([status.other, status.processes, status.warnings], [[], undefined, []]);
    },
  },
  {
    feature: "parseStatusPage",
    name: "refuses a page that is no status page",
    run: () => throwsCode(() => parseStatusPage(latin1("<html></html>\n")), "not_a_status_page"),
  },
  ...["fcgi", "scgi", "uwsgi"].map((protocol) => ({
    feature,
    name: `serves what gatewayFetchOver asks, over ${protocol}`,
    async run() {
      const echo = async (request, context) =>
        new Response(await request.arrayBuffer(), {
          status: 201,
          headers: { "x-seen": `${request.method} ${request.url} ${context.protocol}` },
        });
      const request = new Request("http://app.test/a%20b?c=d", { method: "POST", body });
      const { response, done, errors } = await ask(echo, request, { protocol });
      equal(
        [response.status, response.headers.get("x-seen")],
        [201, `POST http://app.test/a%20b?c=d ${protocol}`],
      );
      const returned = new Uint8Array(await response.arrayBuffer());
      equal([returned.length, returned.every((byte, at) => byte === body[at])], [200_000, true]);
      await done;
      equal(errors, []);
    },
  })),
  {
    feature,
    name: "streams a response",
    async run() {
      let left = 20;
      const stream = new ReadableStream({
        pull(controller) {
          if (left-- > 0) controller.enqueue(body);
          else controller.close();
        },
      });
      const { response, done } = await ask(() => new Response(stream), new Request("http://a/"));
      equal((await response.arrayBuffer()).byteLength, 20 * body.length);
      await done;
    },
  },
  {
    feature,
    name: "answers the error of a handler with 500",
    async run() {
      const { response, done, errors } = await ask(() => {
        throw new Error("the secret");
      }, new Request("http://a/"));
      equal([response.status, await response.text()], [500, "Internal Server Error\n"]);
      await done;
      equal(errors, ["the secret"]);
    },
  },
  {
    feature,
    name: "aborts the signal of a request whose client leaves",
    async run() {
      const [client, server] = connection();
      let aborted;
      const done = serveOver(server, async ({ signal }) => {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        aborted = signal.reason.code;
        return new Response();
      });
      const controller = new AbortController();
      const answer = gatewayFetchOver(client, new Request("http://a/"), {
        signal: controller.signal,
        drainTimeout: 0,
      });
      setTimeout(() => controller.abort(), 10);
      await throwsLater(answer, "aborted");
      await done;
      equal(aborted, "aborted");
    },
  },
];
