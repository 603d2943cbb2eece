// Sends 1 GB to whoever connects and says something. Argument: the path that it listens on.
import net from "node:net";

const CHUNK = Buffer.alloc(65_536, 97);
const server = net.createServer((socket) => {
  let left = 2 ** 30 / CHUNK.length;
  const send = () => {
    while (left > 0) {
      left -= 1;
      if (!socket.write(CHUNK)) return;
    }
    socket.end();
  };
  socket.once("data", send);
  socket.on("drain", send);
  socket.on("error", () => {});
});
server.listen(process.argv[2], () => process.send("ready"));
process.on("disconnect", () => process.exit());
