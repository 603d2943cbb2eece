// What `top` cannot cost less than: the same reads, without queues, order and screen. Argument: the
// file with the addresses, one a line. Ends with the process that started it.
import { readFileSync } from "node:fs";
import { load } from "../lib/package.mjs";

const { LiveTarget } = await load("top/live-target.js");
const { Poller } = await load("top/poller.js");
const { readPage } = await load("top/read-page.js");

const { signal } = new AbortController();
const limits = { timeout: 5_000, signal, full: false };
const poller = new Poller({
  interval: 1_000,
  read: (target) =>
    readPage(target, limits, {}).then(
      () => {},
      () => {},
    ),
});
const addresses = readFileSync(process.argv[2], "utf8").trim().split("\n");
poller.set(addresses.map((address) => new LiveTarget({ kind: "phpfpm", address })));
process.on("disconnect", () => process.exit());
process.send("ready");
