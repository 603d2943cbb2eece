// Reads a number of pages and ends. Arguments: the contender, the pool's socket, how many pages at
// once, and how many in all.
import { load } from "../lib/package.mjs";

const [contender, socket, inFlight, pages] = process.argv.slice(2);

let left = Number(pages);
if (contender === "fleet") await readByFleet();
else await readInLoops();

async function readByFleet() {
  const { fleet } = await load("index.js");
  function* targets() {
    while (left-- > 0) yield `unix:${socket}:/status`;
  }
  let answers = 0;
  for await (const result of fleet(targets(), { concurrency: Number(inFlight) })) {
    if (result.ok && result.value.acceptedConn > 0) answers++;
  }
  if (answers < pages * 0.95) throw new Error(`${answers} of ${pages} pages were read`);
}

async function readInLoops() {
  const { createScrape } = await import(`./${contender}.mjs`);
  const scrape = await createScrape(socket);
  let failures = 0;
  const loop = async () => {
    while (left-- > 0) await scrape().catch(() => failures++);
  };
  await Promise.all(Array.from({ length: Number(inFlight) }, loop));
  if (failures > pages * 0.05) throw new Error(`${failures} of ${pages} pages were not read`);
}
