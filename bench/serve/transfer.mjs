// Transfers 1 GB, and says how long it took: `{ received, seconds }`. Arguments: the path that the
// server listens on, its protocol or `raw`, and `down` for a long answer to a short request, or
// `through` for a body that comes back as the answer.
import net from "node:net";
import { requestOf, uploadOf } from "./requests.mjs";

const [path, protocol, direction] = process.argv.slice(2);
const upload =
  direction === "through"
    ? await uploadOf(protocol)
    : {
        head: await requestOf(protocol === "raw" ? "scgi" : protocol),
        end: Buffer.alloc(0),
        times: 0,
      };

function transfer({ head, chunk, times, end }) {
  return new Promise((resolve, reject) => {
    let received = 0;
    let left = times;
    const callback = (length) => {
      received += length;
      return true;
    };
    const socket = net.connect({ path, onread: { buffer: Buffer.alloc(65_536), callback } });
    const send = () => {
      while (left > 0) {
        left -= 1;
        if (!socket.write(chunk)) return;
      }
      socket.off("drain", send);
      socket.write(end);
      // What has no length ends with its connection.
      if (protocol === "raw" && times > 0) socket.end();
    };
    socket.on("error", reject);
    socket.on("close", () => resolve(received));
    socket.on("drain", send);
    socket.write(head);
    send();
  });
}

process.on("disconnect", () => process.exit());
process.send("ready");
process.once("message", async () => {
  const began = performance.now();
  const received = await transfer(upload);
  process.send({ received, seconds: (performance.now() - began) / 1000 });
});
