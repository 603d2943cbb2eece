// A contender of the scrape suite in its own process. It answers `{ inFlight, milliseconds }` with
// what it did in that time. Arguments: the contender, and the path of the pool's socket.
const [contender, socket, ...rest] = process.argv.slice(2);
const { createScrape } = await import(`./${contender}.mjs`);
/** Reads one status page and its numbers; rejects if it is not a status page. */
const scrape = await createScrape(socket, ...rest);

process.on("message", async ({ inFlight, milliseconds }) => {
  const began = performance.now();
  const cpuBefore = process.cpuUsage();
  const end = began + milliseconds;
  let answers = 0;
  let failures = 0;
  const loop = async () => {
    while (performance.now() < end) {
      try {
        await scrape();
        answers++;
      } catch {
        failures++;
      }
    }
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  const { user, system } = process.cpuUsage(cpuBefore);
  const seconds = (performance.now() - began) / 1000;
  process.send({ answers, failures, seconds, cpu: (user + system) / 1e6 });
});
process.on("disconnect", () => process.exit());
process.send("ready");
