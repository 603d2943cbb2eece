import net from "node:net";
import { statusRequest } from "./status-request.mjs";

const END_REQUEST = 3;
const END_RECORD = 16;

/**
 * The least that Node can do: connect, send, read until END_REQUEST is the last record, close.
 * Nothing is decoded, so this is not a client; it shows what sockets alone cost.
 */
export async function createScrape(path) {
  const buffer = Buffer.alloc(65_536);
  return () =>
    new Promise((resolve, reject) => {
      const callback = (length) => {
        if (buffer[length - END_RECORD + 1] === END_REQUEST) {
          socket.destroy();
          resolve();
        }
        return true;
      };
      const socket = net.connect({ path, onread: { buffer, callback } });
      socket.on("error", reject);
      socket.on("close", () => reject(new Error("closed early")));
      socket.write(statusRequest);
    });
}
