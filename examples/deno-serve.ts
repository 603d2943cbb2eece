// An application that Deno serves behind nginx (fastcgi_pass unix:/run/app.sock):
//   deno run --allow-read --allow-write --allow-net examples/deno-serve.ts /run/app.sock
import { type Handler, serveOver } from "fcgi-probe/edge";

const path = Deno.args[0] ?? "/run/app.sock";

const application: Handler = async (request, { variables }) => {
  const { pathname } = new URL(request.url);
  return Response.json({
    runtime: `Deno ${Deno.version.deno}`,
    path: pathname,
    client: variables.get("REMOTE_ADDR"),
    body: await request.text(),
  });
};

const stopping = new AbortController();
const listener = Deno.listen({ transport: "unix", path });
const stop = () => {
  Deno.removeSignalListener("SIGTERM", stop);
  listener.close();
  stopping.abort();
};
Deno.addSignalListener("SIGTERM", stop);
console.log(`listening on ${path}`);

for await (const connection of listener) {
  // A Deno.Conn is a pair of streams.
  void serveOver(connection, application, { signal: stopping.signal, onError: console.error });
}
