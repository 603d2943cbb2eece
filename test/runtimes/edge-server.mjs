// The application of test/matrix, served by serveOver: edge-server.mjs PROTOCOL=PORT…
import { handlerOf, serveOver } from "fcgi-probe/edge";
import { createApplication } from "./application.mjs";
import { listen } from "./sockets.mjs";

const application = createApplication(handlerOf);
for (const argument of globalThis.process.argv.slice(2)) {
  const [protocol, port] = argument.split("=");
  await listen({ host: "127.0.0.1", port: Number(port) }, (streams) => {
    void serveOver(streams, application, { protocol });
  });
}
console.log("listening");
