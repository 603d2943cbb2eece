// What the edge door does against a real php-fpm, in every runtime that can connect to one. Each pool
// has one worker: if a request that was given up kept it, the next one would not be answered.
import { gatewayFetchOver, statusOver } from "fcgi-probe/edge";
import { answerOf } from "./answer-of.mjs";
import { equal, throwsLater } from "./expect.mjs";

const LARGE = 20_971_520;

/** Byte i of big.php's answer. */
const letter = (index) => 97 + (index % 26);

/** A stream of `length` bytes. */
function letters(length) {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      const chunk = new Uint8Array(Math.min(65_520, length - sent)).map((_, at) => letter(at));
      sent += chunk.length;
      controller.enqueue(chunk);
      if (sent === length) controller.close();
    },
  });
}

/** Reads a body of letters, and returns its length; -1 if a byte is another. */
async function countLetters(stream) {
  let length = 0;
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return length;
    for (let at = 0; at < value.length; at++) {
      if (value[at] !== letter(length + at)) return -1;
    }
    length += value.length;
  }
}

function behavioursOf(way, connect, world) {
  const ask = async (path, init = {}, options = {}) =>
    gatewayFetchOver(await connect(), new Request(world.origin + path, init), {
      documentRoot: world.documentRoot,
      drainTimeout: 0,
      ...options,
    });
  const isFree = async () => {
    const { pool, activeProcesses, totalProcesses } = await statusOver(await connect());
    equal([pool, activeProcesses, totalProcesses], [way, 1, 1]);
  };
  const feature = `gatewayFetchOver, ${way}`;
  return [
    ...world.references.map(({ name, path, init, answer }) => ({
      feature,
      name: `${way}: answers ${name} as nginx does`,
      run: async () => equal(await answerOf(await ask(path, init)), answer),
    })),
    {
      feature,
      name: `${way}: sends 20 MB`,
      async run() {
        const init = { method: "POST", body: letters(LARGE), duplex: "half" };
        const response = await ask("/echo.php", init, { contentLength: LARGE });
        const { bodyLength, bodySha256 } = await response.json();
        equal([bodyLength, bodySha256], [LARGE, world.digest]);
      },
    },
    {
      feature,
      name: `${way}: receives 20 MB`,
      async run() {
        const { body } = await ask(`/big.php?bytes=${LARGE}`);
        equal(await countLetters(body), LARGE);
      },
    },
    {
      feature,
      name: `${way}: frees the worker when a request is aborted before its answer`,
      async run() {
        const controller = new AbortController();
        const answer = ask("/sleep.php?ms=400", { signal: controller.signal });
        setTimeout(() => controller.abort(), 10);
        await throwsLater(answer, "aborted");
        await isFree();
      },
    },
    {
      feature,
      name: `${way}: frees the worker when a request is aborted during its answer`,
      async run() {
        const controller = new AbortController();
        const { body } = await ask(
          "/big.php?bytes=1000000000",
          {},
          { signal: controller.signal, bufferedBody: 65_536 },
        );
        const reader = body.getReader();
        await reader.read();
        controller.abort();
        const read = async () => {
          while (!(await reader.read()).done);
        };
        await throwsLater(read(), "aborted");
        await isFree();
      },
    },
    {
      feature,
      name: `${way}: frees the worker when a body is cancelled`,
      async run() {
        const { body } = await ask("/big.php?bytes=1000000000", {}, { bufferedBody: 65_536 });
        await body.cancel();
        await isFree();
      },
    },
    {
      feature,
      name: `${way}: types the errors of requests`,
      async run() {
        await throwsLater(ask("/sleep.php?ms=400", {}, { timeout: 50 }), "deadline");
        await throwsLater(ask("/crash.php"), "closed_without_answer");
      },
    },
    {
      feature: `statusOver, ${way}`,
      name: `${way}: reads the status of a pool, and of its processes`,
      async run() {
        await isFree();
        const { processes } = await statusOver(await connect(), { full: true });
        equal(
          processes.map(({ requestUri, state }) => [requestUri, state]),
          [["/status?full", "Running"]],
        );
      },
    },
    {
      feature: `statusOver, ${way}`,
      name: `${way}: types the errors of pages`,
      run: async () => {
        await throwsLater(statusOver(await connect(), { path: "/none" }), "page_not_found");
      },
    },
  ];
}

/** @param connect functions that open a connection to each pool, and to a port that is closed */
export function edgeBehaviours(world, { tcp, unix, closed }) {
  return [
    ...behavioursOf("tcp", tcp, world),
    ...behavioursOf("unix", unix, world),
    {
      feature: "gatewayFetchOver, tcp",
      name: "fails where nothing listens",
      async run() {
        const status = async () => statusOver(await closed());
        const failure = await status().catch((error) => error);
        // Where a connection is opened before it is known to work, the error is ours.
        if (failure.name !== "GatewayError") return;
        equal(failure.code, "closed_without_answer");
        equal(failure.hint.includes("nothing listens there"), true);
      },
    },
  ];
}
