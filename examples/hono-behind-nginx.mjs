// A Hono application behind nginx, over FastCGI: routes, JSON, and what nginx says about the client.
//
//   npm install fcgi-probe hono
//   node hono-behind-nginx.mjs unix:/run/app.sock
//
// nginx, in a server block:
//   location / { include fastcgi_params; fastcgi_pass unix:/run/app.sock; }
import { serve } from "fcgi-probe/server";
import { Hono } from "hono";

const notes = ["the first note"];
const app = new Hono();

app.use(async (c, next) => {
  const began = performance.now();
  await next();
  c.header("server-timing", `app;dur=${(performance.now() - began).toFixed(1)}`);
});

app.get("/notes", (c) => c.json(notes));

app.post("/notes", async (c) => {
  const { text } = await c.req.json();
  if (typeof text !== "string" || text.length > 1_000) return c.text("no text", 400);
  if (notes.length === 1_000) notes.shift();
  notes.push(text);
  return c.json({ number: notes.length }, 201);
});

// Hono's environment is the context of fcgi-probe: all variables that nginx sends.
app.get("/client", (c) => {
  const { protocol, variables } = c.env;
  return c.json({ protocol, address: variables.get("REMOTE_ADDR") });
});

// Goes to nginx's error log.
app.onError((error, c) => {
  c.env.errors.write(`${error.stack}\n`);
  return c.text("Internal Server Error", 500);
});

const server = await serve(app, {
  listen: process.argv[2] ?? "unix:/run/app.sock",
  // nginx's user has to write to the socket: 0666 suits a try, socketGroup a server.
  socketMode: 0o666,
});
console.log(`listening at ${server.address}`);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
