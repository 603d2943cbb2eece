// Reads one answer through, and says how long it was: `{ received, seconds }`. Arguments: the path
// that the server listens on, and the request in base64.
import net from "node:net";

const [path, request] = process.argv.slice(2);

function readThrough() {
  return new Promise((resolve, reject) => {
    let received = 0;
    const callback = (length) => {
      received += length;
      return true;
    };
    const socket = net.connect({ path, onread: { buffer: Buffer.alloc(65_536), callback } });
    socket.on("error", reject);
    socket.on("close", () => resolve(received));
    socket.write(Buffer.from(request, "base64"));
  });
}

process.on("disconnect", () => process.exit());
process.send("ready");
process.once("message", async () => {
  const began = performance.now();
  const received = await readThrough();
  process.send({ received, seconds: (performance.now() - began) / 1000 });
});
