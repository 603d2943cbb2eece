import { type IncomingHttpHeaders, type RequestOptions, request } from "node:http";
import net from "node:net";

export interface Answer {
  /** 0 when there was none. */
  status: number;
  headers: IncomingHttpHeaders;
  /** As Latin-1 text. */
  body: string;
  /** Milliseconds between the first and the last byte of the body. */
  duration: number;
  /** Whether the front end asked for the body: 100 Continue. */
  continued: boolean;
  /** Why the answer is not whole. */
  error: string | undefined;
}

export interface Question {
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: Uint8Array;
  /** Sends the body in chunks, without its length. */
  chunked?: boolean;
  /** Milliseconds without a byte until it is given up. Default 10,000. */
  timeout?: number;
}

/** Asks, over a connection of its own, and never rejects. */
export function ask(url: string, question: Question = {}): Promise<Answer> {
  const { method = "GET", headers = {}, body, chunked = false, timeout = 10_000 } = question;
  const options: RequestOptions = { method, agent: false, timeout };
  options.headers = {
    ...headers,
    ...(chunked && { "transfer-encoding": "chunked" }),
    ...(body !== undefined && !chunked && { "content-length": `${body.length}` }),
  };
  const waits = headers["expect"] === "100-continue";
  return new Promise((resolve) => {
    const answer: Answer = {
      status: 0,
      headers: {},
      body: "",
      duration: 0,
      continued: false,
      error: undefined,
    };
    const chunks: Buffer[] = [];
    let first = 0;
    const finish = (error?: Error) => {
      answer.error = error?.message;
      answer.body = Buffer.concat(chunks).toString("latin1");
      if (first > 0) answer.duration = performance.now() - first;
      resolve(answer);
    };
    const outgoing = request(url, options, (response) => {
      answer.status = response.statusCode ?? 0;
      answer.headers = response.headers;
      response.on("data", (chunk: Buffer) => {
        first ||= performance.now();
        chunks.push(chunk);
      });
      response.on("end", () => finish());
      response.on("error", finish);
    });
    // A front end may answer, and close, before it has read the body.
    outgoing.on("error", (error) => answer.status === 0 && finish(error));
    outgoing.on("timeout", () => outgoing.destroy(new Error("no answer in time")));
    // A front end may say it more than once (RFC 9110 §15.2).
    outgoing.once("continue", () => {
      answer.continued = true;
      outgoing.end(body);
    });
    if (waits) outgoing.flushHeaders();
    else outgoing.end(body);
  });
}

/** Sends a request, waits for so many bytes of the answer, and leaves. */
export function leave(url: string, bytes: number, milliseconds: number): Promise<void> {
  const { hostname, port, pathname, search } = new URL(url);
  return new Promise((resolve) => {
    const socket = net.connect(Number(port), hostname);
    let received = 0;
    const go = () => {
      socket.destroy();
      resolve();
    };
    socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
    socket.on("data", (chunk) => {
      received += chunk.length;
      if (bytes > 0 && received >= bytes) go();
    });
    socket.on("error", go);
    setTimeout(go, milliseconds);
  });
}

/** The status line of the answer to a target that no client of Node's would send, and its body. */
export function askRaw(url: string, target: string): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = net.connect(Number(port), hostname);
    const chunks: Buffer[] = [];
    socket.write(
      Buffer.from(
        `GET ${target} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: close\r\n\r\n`,
        "latin1",
      ),
    );
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", () => {});
    socket.on("close", () => {
      const all = Buffer.concat(chunks).toString("latin1");
      const body = all.slice(all.indexOf("\r\n\r\n") + 4);
      resolve({ status: Number(/^HTTP\/1\.\d (\d+)/.exec(all)?.[1] ?? 0), body });
    });
  });
}
