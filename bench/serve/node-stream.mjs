// Node's net without a protocol. Arguments: the path to listen on, and `down` or `through`. `down`
// sends 1 GB to each client that sends something; `through` sends everything back.
import net from "node:net";

const [path, direction] = process.argv.slice(2);
const CHUNK = Buffer.alloc(65_536, 97);

function stream(socket) {
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
}

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  if (direction === "through") socket.pipe(socket);
  else stream(socket);
  socket.on("error", () => {});
});
server.listen(path, () => process.send("ready"));
process.on("disconnect", () => process.exit());
