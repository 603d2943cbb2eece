// The small handler behind Node's own HTTP server. Argument: the path to listen on.
import http from "node:http";

const server = http.createServer((request, response) => {
  response.setHeader("content-type", "text/plain");
  response.end(`${request.method} http://${request.headers.host}${request.url}\n`);
});
server.listen(process.argv[2], () => process.send("ready"));
process.on("disconnect", () => process.exit());
