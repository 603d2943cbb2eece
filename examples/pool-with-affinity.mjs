// A pool of worker processes that keep state in memory: all requests of a session go to one worker.
// This file is both parts. Started by hand it is the master; a worker imports its default export.
//
//   npm install fcgi-probe
//   node pool-with-affinity.mjs unix:/run/app.sock
//
// nginx, in a server block:
//   location / { include fastcgi_params; fastcgi_pass unix:/run/app.sock; }
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { controlBySignals, startPool } from "fcgi-probe/server";

/** The baskets of the sessions that this worker has, the least recently used one first. */
const baskets = new Map();
const MOST_BASKETS = 10_000;

export default async function application(request, context) {
  // The pool chooses the worker by the cookie `session`, else by the client's address.
  const known = /(?:^|;\s*)session=([\w-]{36})/.exec(request.headers.get("cookie") ?? "")?.[1];
  const session = known ?? randomUUID();
  const basket = baskets.get(session) ?? [];
  const item = new URL(request.url).searchParams.get("add");
  if (item !== null && basket.length < 100) basket.push(item.slice(0, 100));

  baskets.delete(session);
  baskets.set(session, basket);
  if (baskets.size > MOST_BASKETS) baskets.delete(baskets.keys().next().value);

  const response = Response.json({ worker: process.pid, basket, by: context.protocol });
  const cookie = `session=${session}; Path=/; HttpOnly; SameSite=Lax`;
  if (known === undefined) response.headers.set("set-cookie", cookie);
  return response;
}

const self = fileURLToPath(import.meta.url);
if (process.argv[1] === self) {
  const starting = startPool({
    application: self,
    listen: process.argv[2] ?? "unix:/run/app.sock",
    mode: "delegate",
    affinity: true,
    maxChildren: 4,
    processIdleTimeout: 600_000,
    statusPath: "/status",
    socketMode: 0o666,
  });
  // SIGHUP replaces the workers; what they have in memory goes with them.
  controlBySignals(starting, (error) => console.error(error.message));
  const pool = await starting;
  console.log(`listening at ${pool.address}`);
  await pool.ended;
}
