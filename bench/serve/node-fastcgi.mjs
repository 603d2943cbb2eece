// The small handler behind node-fastcgi. Argument: the path to listen on.
import { createRequire } from "node:module";

process.noDeprecation = true;
const { createServer } = createRequire(new URL("../package.json", import.meta.url))("node-fastcgi");

const server = createServer((request, response) => {
  response.setHeader("content-type", "text/plain");
  response.end(`${request.method} http://${request.headers.host}${request.url}\n`);
});
server.listen(process.argv[2], () => process.send("ready"));
process.on("disconnect", () => process.exit());
