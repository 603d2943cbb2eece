// An application that takes connections, and answers lines with lines.
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

/** A client that closes its side still gets all answers. */
async function answer(line, signal) {
  const [word, time = "0"] = line.split(" ");
  switch (word) {
    case "sleep":
      await sleep(Number(time));
      return "slept";
    case "block":
      for (const end = Date.now() + Number(time); Date.now() < end; );
      return "blocked";
    case "stay":
      if (!signal.aborted) await once(signal, "abort");
      return "told to close";
    case "exit":
      return process.exit(3);
    case "reject":
      throw new Error("rejected in a connection");
    case "throw":
      setImmediate(() => {
        throw new Error("thrown aside");
      });
      return sleep(1_000);
    default:
      return line;
  }
}

export default {
  async connection(socket, { signal }) {
    for await (const line of createInterface({ input: socket })) {
      if (line === "bye") break;
      socket.write(`${process.pid} ${await answer(line, signal)}\n`);
      if (signal.aborted) break;
    }
  },
};
