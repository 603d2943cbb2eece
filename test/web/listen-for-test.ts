import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach } from "vitest";
import type { LogRecord } from "../../src/exporter/settings.js";
import { type ListenWebOptions, listenWeb, type WebListener } from "../../src/web/listener.js";

export type Handler = Parameters<typeof listenWeb>[0];

/** A listener, and what it has logged, but for what only debugging shows. */
export interface TestListener extends WebListener {
  readonly port: number;
  readonly logged: readonly LogRecord[];
}

const running: WebListener[] = [];

afterEach(async () => {
  for (const listener of running.splice(0)) await listener.close(0);
});

/** Starts a listener that ends with the test. */
export async function listenForTest(
  handler: Handler = () => new Response("fine\n"),
  options: Partial<ListenWebOptions> = {},
): Promise<TestListener> {
  const logged: LogRecord[] = [];
  const log = (record: LogRecord) => {
    if (record.level !== "debug") logged.push(record);
  };
  const listener = await listenWeb(handler, { listen: ["127.0.0.1:0"], log, ...options });
  running.push(listener);
  const port = Number(listener.addresses[0]?.split(":").at(-1));
  return Object.assign(listener, { port, logged });
}

/** Connects to a port. Errors are ignored: a listener may cut it. */
export function dial(port: number): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  return socket;
}

/** Sends bytes and returns all that is answered. */
export async function exchange(port: number, bytes: string): Promise<string> {
  const socket = dial(port);
  socket.write(bytes);
  return await text(socket);
}

/** A request whose connection ends with the answer. */
export function requestText(path: string, more = ""): string {
  return `GET ${path} HTTP/1.1\r\nHost: exporter\r\nConnection: close\r\n${more}\r\n`;
}
