// An application that Bun serves behind nginx (fastcgi_pass unix:/run/app.sock):
//   bun examples/bun-serve.ts /run/app.sock
import { type Handler, serveOver } from "fcgi-probe/edge";
import { streamHandlers } from "./bun-streams.ts";

const path = process.argv[2] ?? "/run/app.sock";

const application: Handler = async (request, { variables }) => {
  const { pathname } = new URL(request.url);
  return Response.json({
    runtime: `Bun ${Bun.version}`,
    path: pathname,
    client: variables.get("REMOTE_ADDR"),
    body: await request.text(),
  });
};

const stopping = new AbortController();
const listener = Bun.listen({
  unix: path,
  socket: streamHandlers((streams) => {
    void serveOver(streams, application, { signal: stopping.signal, onError: console.error });
  }),
});
console.log(`listening on ${path}`);

process.once("SIGTERM", () => {
  listener.stop();
  stopping.abort();
});
