import { existsSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { parseAddress, socketEndpoint } from "../../src/address.js";
import { type DoctorOptions, examine, type PoolExamination } from "../../src/doctor/doctor.js";
import type { Finding } from "../../src/doctor/finding.js";
import { prepareRequest } from "../../src/fastcgi/client.js";
import { AcceptQueues } from "../../src/transport/accept-queues.js";
import {
  type PhpFpm,
  type PhpFpmOptions,
  type Pool,
  phpScript,
  startPhpFpm,
} from "../harness/php-fpm.js";
import { until } from "../harness/server-process.js";

/** Starts a php-fpm that stops after the test. */
export async function startPools(options: PhpFpmOptions): Promise<PhpFpm> {
  const fpm = await startPhpFpm(options);
  onTestFinished(() => fpm.stop());
  return fpm;
}

/** Examines one pool by its address, with its php-fpm's configuration. */
export async function examineOne(
  fpm: PhpFpm,
  target: string,
  options: DoctorOptions = {},
): Promise<PoolExamination> {
  const configurations = [join(fpm.folder, "php-fpm.conf")];
  const { pools } = await examine([target], { configurations, ...options });
  const [pool] = pools;
  if (pool === undefined) throw new Error("nothing was examined");
  return pool;
}

/** The finding with a code. */
export function findingOf(pool: PoolExamination, code: string): Finding {
  const found = pool.findings.find((finding) => finding.code === code);
  if (found === undefined) throw new Error(`no ${code} in ${JSON.stringify(pool, null, 1)}`);
  return found;
}

/** Writes a script of the test's own. */
export function script(fpm: PhpFpm, name: string, code: string): string {
  const path = join(fpm.folder, name);
  writeFileSync(path, `<?php\n${code}\n`);
  return path;
}

interface ClientOptions {
  /** Whether the clients read their answers. One that does not holds its worker. Default: true. */
  readonly reads?: boolean;
  /** The address that they connect from, with TCP. */
  readonly from?: string;
}

/**
 * Connects clients, each of which asks for a script and waits for the answer until the test ends.
 * Settles when they are connected, or refused.
 */
export async function ask(
  pool: Pool,
  count: number,
  script: string,
  query = "",
  { reads = true, from }: ClientOptions = {},
): Promise<void> {
  const path = script.startsWith("/") ? script : phpScript(script);
  const name = `/${path.split("/").at(-1)}`;
  const variables: [string, string][] = [
    ["SCRIPT_FILENAME", path],
    ["SCRIPT_NAME", name],
    ["REQUEST_URI", query === "" ? name : `${name}?${query}`],
    ["QUERY_STRING", query],
    ["REQUEST_METHOD", "GET"],
  ];
  const { opening, endOfBody } = prepareRequest({ variables });
  const bytes = Buffer.concat([...opening, ...endOfBody]);
  for (const socket of await connectMany(pool, count, from)) {
    socket.write(bytes);
    if (reads) socket.resume();
  }
}

/** Connects clients that send nothing until the test ends. Settles as {@link ask} does. */
export async function connectMany(pool: Pool, count: number, from?: string): Promise<Socket[]> {
  const local = from === undefined ? {} : { localAddress: from };
  const sockets = Array.from({ length: count }, () => connect({ ...pool.endpoint, ...local }));
  onTestFinished(() => sockets.forEach((socket) => void socket.destroy()));
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.on("connect", resolve).on("error", () => resolve());
        }),
    ),
  );
  return sockets;
}

/** Waits until so many of the connected clients wait, and workers have accepted the others. */
export async function untilQueued(pool: Pool, count: number): Promise<void> {
  const endpoint = socketEndpoint(parseAddress(pool.address, existsSync));
  let waiting: number | undefined;
  await until(
    async () => {
      waiting = (await new AcceptQueues().read()).queueOf(endpoint)?.waiting;
      return waiting === count;
    },
    () => `${waiting} clients wait, not ${count}`,
  );
}

/** The line of a text in a file, from 1. */
export function lineOf(text: string, part: string): number {
  return text.split("\n").findIndex((line) => line.includes(part)) + 1;
}
