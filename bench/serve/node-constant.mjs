// The least that Node can do: answers everything with the same bytes, and examines nothing.
// Arguments: the path to listen on, the answer in base64, `kept` or `closed`, and the number of
// workers of node:cluster; 0 for none. A final `none` lets these accept instead of the primary.
import cluster from "node:cluster";
import net from "node:net";

const [path, answer, kept, workers, policy] = process.argv.slice(2);
if (policy === "none") cluster.schedulingPolicy = cluster.SCHED_NONE;
if (cluster.isPrimary && Number(workers) > 0) {
  let ready = 0;
  cluster.on("listening", () => {
    ready += 1;
    if (ready === Number(workers)) process.send("ready");
  });
  for (let i = 0; i < Number(workers); i++) cluster.fork();
  process.on("disconnect", () => process.exit());
} else listen();

function listen() {
  const bytes = Buffer.from(answer, "base64");
  const server = net.createServer((socket) => {
    socket.on("data", () => {
      if (kept === "kept") socket.write(bytes);
      else socket.end(bytes);
    });
    socket.on("error", () => {});
  });
  server.listen(path, () => {
    if (cluster.isPrimary) process.send("ready");
  });
  process.on("disconnect", () => process.exit());
}
