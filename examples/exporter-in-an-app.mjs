// The exporter inside an application: Prometheus reads the pools at /metrics of the application's own
// port, a page of the application shows them, and no second process runs.
//
//   npm install fcgi-probe hono
//   node exporter-in-an-app.mjs http://127.0.0.1:8080 unix:/run/php/php8.2-fpm.sock:/status
import { createExporter } from "fcgi-probe/exporter";
import { serve } from "fcgi-probe/server";
import { Hono } from "hono";

const [listen = "http://127.0.0.1:8080", ...targets] = process.argv.slice(2);

const exporter = createExporter({
  targets: targets.map((address) => ({ address, labels: { site: "shop" } })),
  scrapeTimeout: 3_000,
  log: ({ level, message, target, hint }) => console.error(level, target, message, hint ?? ""),
});

const app = new Hono();
app.get("/", (c) => c.text("The shop.\n"));
app.get("/metrics", (c) => exporter.fetch(c.req.raw));
app.get("/-/pool-healthy", (c) => exporter.fetch(c.req.raw));

// The same scrapes as values: requests to both pages share them.
app.get("/pools", async (c) => {
  const samples = await exporter.collect();
  return c.json(
    samples.map(({ target, status, reason, kind, ...sample }) => ({
      address: target.address,
      up: status !== undefined,
      ...(status &&
        kind === "phpfpm" && { busy: status.activeProcesses, idle: status.idleProcesses }),
      ...(reason && { reason }),
      problems: (sample.diagnoses ?? []).map(({ text }) => text),
    })),
  );
});

const server = await serve(app, { listen });
console.log(`listening at ${server.address}`);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    await server.close();
    exporter.close();
  });
}
