// A peer that accepts connections, reads, and never writes. Argument: the path of its socket.
import { createServer } from "node:net";

const server = createServer((socket) => {
  socket.on("error", () => {});
  socket.resume();
});
server.listen(process.argv[2], () => process.send("ready"));
process.on("disconnect", () => process.exit());
