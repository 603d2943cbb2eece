import { createHash, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, ask, askRaw, leave, type Question } from "./client.js";

/** What a case may look at: the way through a front end, and the two logs. */
export interface Way {
  url: string;
  /** The front end's error log. */
  log(): string;
  /** What handlers wrote to error streams that the protocol does not carry. */
  ownLog(): string;
}

/** Something that a front end and a server do together. */
export interface Case {
  name: string;
  /** @returns `ok`, or in a few words what is different */
  run(way: Way): Promise<string>;
}

const MEGABYTE = 1_048_576;
const bytes = (length: number) => new Uint8Array(length).map((_, at) => (at * 31) & 0xff);
const small = bytes(70_000);
const large = bytes(20 * MEGABYTE);
const hello = "hello\n";

/** An answer in words: `ok` when `isRight`. */
function resultOf(answer: Answer, isRight: boolean): string {
  if (isRight) return "ok";
  if (answer.status === 0) return "no answer";
  return answer.error === undefined ? `${answer.status}` : `${answer.status}, then broken off`;
}

/** A body that is sent must arrive as it is. */
async function echoed(way: Way, body: Uint8Array, question: Question = {}): Promise<string> {
  const answer = await ask(`${way.url}/do/echo`, { method: "POST", body, ...question });
  if (answer.status !== 200) return resultOf(answer, false);
  const { length, digest } = JSON.parse(answer.body);
  if (length === 0 && body.length > 0) return "empty body";
  const isSame = digest === createHash("sha256").update(body).digest("hex");
  return length === body.length && isSame ? "ok" : `${length} bytes`;
}

async function redirected(way: Way, to: string): Promise<string> {
  const answer = await ask(`${way.url}/do/redirect?to=${encodeURIComponent(to)}`);
  const { location } = answer.headers;
  if (answer.status === 302 && location !== to) return `302 to ${location}`;
  return resultOf(answer, answer.status === 302);
}

/** What happened to a request whose client has left. */
async function fate(way: Way, id: string): Promise<string> {
  const deadline = Date.now() + 3_000;
  while (Date.now() < deadline) {
    const { status, body } = await ask(`${way.url}/do/events?id=${id}`, { timeout: 2_500 });
    if (status === 0) return "the next request hangs";
    if (body === "aborted") return "ok";
    if (body === "finished") return "not aborted";
    await sleep(20);
  }
  return "still runs";
}

export const cases: readonly Case[] = [
  {
    name: "GET",
    async run(way) {
      const answer = await ask(`${way.url}/do/echo?a=b%20c&d`);
      if (answer.status !== 200) return resultOf(answer, false);
      const { method, path, query, length } = JSON.parse(answer.body);
      const seen = [method, path, query, length].join(" ");
      return seen === "GET /do/echo ?a=b%20c&d 0" ? "ok" : seen;
    },
  },
  {
    name: "HEAD",
    async run(way) {
      const answer = await ask(`${way.url}/do/hello`, { method: "HEAD" });
      return resultOf(answer, answer.status === 200 && answer.body === "");
    },
  },
  { name: "POST 0 B", run: (way) => echoed(way, new Uint8Array(0)) },
  { name: "POST 70 KB", run: (way) => echoed(way, small) },
  { name: "POST 20 MB", run: (way) => echoed(way, large) },
  { name: "chunked POST", run: (way) => echoed(way, small, { chunked: true }) },
  {
    name: "100 Continue",
    async run(way) {
      const headers = { expect: "100-continue" };
      const answer = await ask(`${way.url}/do/echo`, { method: "POST", body: small, headers });
      if (answer.status !== 200 || !answer.continued) return resultOf(answer, false);
      return JSON.parse(answer.body).length === small.length ? "ok" : "body lost";
    },
  },
  {
    name: "response 0 B",
    async run(way) {
      const answer = await ask(`${way.url}/do/empty`);
      return resultOf(answer, answer.status === 200 && answer.body === "");
    },
  },
  {
    name: "response 20 MB",
    async run(way) {
      const answer = await ask(`${way.url}/do/big`);
      return resultOf(answer, answer.status === 200 && answer.body.length === 20 * MEGABYTE);
    },
  },
  {
    name: "streamed",
    async run(way) {
      const answer = await ask(`${way.url}/do/stream`);
      if (answer.body !== "first second") return resultOf(answer, false);
      return answer.duration > 200 ? "ok" : "buffered";
    },
  },
  {
    name: "64 headers",
    async run(way) {
      const headers: Record<string, string> = {};
      for (let at = 0; at < 64; at++) headers[`x-in-${at}`] = `value ${at}`;
      const echo = await ask(`${way.url}/do/echo`, { headers });
      const answer = await ask(`${way.url}/do/headers`);
      const arrived = echo.status === 200 ? JSON.parse(echo.body).headers : echo.status;
      const returned = Object.keys(answer.headers).filter((name) => name.startsWith("x-out-"));
      return arrived === 64 && returned.length === 64 ? "ok" : `${arrived}, ${returned.length}`;
    },
  },
  {
    name: "cookies",
    async run(way) {
      const echo = await ask(`${way.url}/do/echo`, { headers: { cookie: "a=1; b=2" } });
      const answer = await ask(`${way.url}/do/headers`);
      const seen = echo.status === 200 ? JSON.parse(echo.body).cookie : echo.status;
      const set = answer.headers["set-cookie"]?.join(" | ");
      const isRight = seen === "a=1; b=2" && set === "a=1; Path=/ | b=2; HttpOnly";
      return isRight ? "ok" : `${seen}, ${set}`;
    },
  },
  { name: "redirect to a path", run: (way) => redirected(way, "/there?a=b") },
  { name: "redirect to a URL", run: (way) => redirected(way, "http://example.com/there?a=b") },
  {
    name: "redirect, document",
    async run(way) {
      const answer = await ask(`${way.url}/do/document`);
      return resultOf(answer, answer.status === 303 && answer.body === "over there");
    },
  },
  {
    name: "local redirect",
    async run(way) {
      const to = "/do/echo/there?a=b%20c";
      const answer = await ask(`${way.url}/do/local?to=${encodeURIComponent(to)}`);
      if (answer.status !== 200 || answer.body === "") {
        return answer.headers.location === to ? `${answer.status}` : resultOf(answer, false);
      }
      const { path, query } = JSON.parse(answer.body);
      return path + query === to ? "ok" : path + query;
    },
  },
  {
    name: "304",
    async run(way) {
      const answer = await ask(`${way.url}/do/not-modified`);
      const isRight = answer.status === 304 && answer.headers.etag === '"1"' && answer.body === "";
      return resultOf(answer, isRight);
    },
  },
  {
    name: "204, 205, 304 with a length",
    async run(way) {
      for (const status of [204, 205, 304]) {
        const answer = await ask(`${way.url}/do/bodyless?status=${status}`);
        const length = answer.headers["content-length"] ?? "0";
        const isRight = answer.status === status && answer.error === undefined && length === "0";
        if (!isRight) return `${status}: ${resultOf(answer, false)}, length ${length}`;
      }
      const next = await ask(`${way.url}/do/hello`);
      return next.body === hello ? "ok" : "the next fails";
    },
  },
  {
    name: "length in characters",
    async run(way) {
      const answer = await ask(`${way.url}/do/characters`);
      const next = await ask(`${way.url}/do/hello`);
      return resultOf(answer, answer.status === 500 && next.body === hello);
    },
  },
  {
    name: "error stream",
    async run(way) {
      const line = `to the log: ${randomUUID()}`;
      const answer = await ask(`${way.url}/do/log?id=${line.slice(12)}`);
      if (answer.body !== "logged") return resultOf(answer, false);
      for (let tries = 0; tries < 20; tries++) {
        if (way.log().includes(line)) return "ok";
        if (way.ownLog().includes(line)) return "our own log";
        await sleep(20);
      }
      return "lost";
    },
  },
  {
    name: "client leaves silence",
    async run(way) {
      const id = randomUUID();
      await leave(`${way.url}/do/wait?id=${id}`, 0, 100);
      return fate(way, id);
    },
  },
  {
    name: "client leaves a flow",
    async run(way) {
      const id = randomUUID();
      await leave(`${way.url}/do/flood?id=${id}`, MEGABYTE, 2_000);
      // Until the front end has noticed, it may give this connection to the next request.
      await sleep(150);
      return fate(way, id);
    },
  },
  {
    name: "encoded path",
    async run(way) {
      const path = "/do/echo/%C3%A9/a%20b%3Fc;x=%25";
      const answer = await ask(`${way.url}${path}?q=%E2%82%AC+%26`);
      if (answer.status !== 200) return resultOf(answer, false);
      const seen = JSON.parse(answer.body);
      return seen.path === path && seen.query === "?q=%E2%82%AC+%26" ? "ok" : seen.path;
    },
  },
  {
    name: "encoded slash",
    async run(way) {
      const answer = await ask(`${way.url}/do/echo/a%2Fb`);
      if (answer.status !== 200) return resultOf(answer, false);
      const { path } = JSON.parse(answer.body);
      return path === "/do/echo/a%2Fb" ? "ok" : path;
    },
  },
  {
    name: "non-ASCII path",
    async run(way) {
      const target = Buffer.from("/do/echo/é?ü").toString("latin1");
      const answer = await askRaw(way.url, target);
      if (answer.status !== 200) return `${answer.status}`;
      return answer.body.includes('"path":"/do/echo/%C3%A9","query":"?%C3%BC"')
        ? "ok"
        : answer.body;
    },
  },
  {
    name: "8 at once",
    async run(way) {
      const all = await Promise.all(Array.from({ length: 8 }, () => echoed(way, small)));
      return all.find((each) => each !== "ok") ?? "ok";
    },
  },
  {
    name: "handler throws",
    async run(way) {
      const answer = await ask(`${way.url}/do/throw`);
      if (answer.body.includes("secret")) return "leaked";
      const next = await ask(`${way.url}/do/hello`);
      return resultOf(answer, answer.status === 500 && next.body === hello);
    },
  },
  {
    name: "handler breaks off",
    async run(way) {
      const answer = await ask(`${way.url}/do/break`);
      const next = await ask(`${way.url}/do/hello`);
      if (next.body !== hello) return "the next fails";
      const isSuccess = answer.status === 200 && answer.error === undefined;
      return isSuccess ? "taken for whole" : "ok";
    },
  },
];
