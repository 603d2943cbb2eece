// The application of the pools in these tests. Its answers begin with the id of the process.
import { setTimeout as sleep } from "node:timers/promises";

const block = (milliseconds) => {
  const end = Date.now() + milliseconds;
  while (Date.now() < end);
};

async function answer(url, request) {
  const time = Number(url.searchParams.get("ms") ?? 0);
  switch (url.pathname) {
    case "/sleep":
      await sleep(time);
      return "slept";
    case "/block":
      block(time);
      return "blocked";
    case "/exit":
      process.exit(3);
      break;
    case "/throw":
      setImmediate(() => {
        throw new Error("thrown aside");
      });
      await sleep(1_000);
      return "not reached";
    case "/say":
      console.log("said aloud");
      return "said";
    case "/body":
      return `${(await request.arrayBuffer()).byteLength} bytes`;
    case "/env":
      return JSON.stringify(process.env);
    default:
      return "hello";
  }
}

export default async function handle(request) {
  const url = new URL(request.url);
  const text = await answer(url, request);
  const session = url.searchParams.get("session");
  const headers = session === null ? {} : { "set-cookie": `session=${session}; Path=/` };
  return new Response(`${process.pid} ${text}`, { headers });
}
