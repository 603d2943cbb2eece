import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { it, onTestFinished } from "vitest";
import {
  type WatchedConfiguration,
  watchConfiguration,
} from "../../../src/exporter/config/watch-configuration.js";
import type { ExporterSettings } from "../../../src/exporter/settings.js";
import { makeFolder, until } from "../../harness/server-process.js";

/** A list of targets that is silent until it is told to answer. */
async function startSilentList() {
  const waiting: ServerResponse[] = [];
  const server = createServer((_, response) => void waiting.push(response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    asked: () => waiting.length > 0,
    answer() {
      for (const response of waiting.splice(0)) {
        response.setHeader("content-type", "application/json");
        response.end('[{"targets": ["h:3"]}]');
      }
    },
  };
}

/** Follows a file, and ends with the test. */
function follow(file: string, onWatch?: (watched: WatchedConfiguration) => void) {
  const seen: ExporterSettings[] = [];
  const stop = new AbortController();
  const watched = watchConfiguration(file, {
    onSettings: (settings) => seen.push(settings),
    signal: stop.signal,
    onWatch,
  });
  onTestFinished(() => stop.abort());
  const now = () => {
    const { ready, targets = [], lastReload } = seen.at(-1) ?? {};
    return [ready, lastReload?.successful, targets.map(({ address }) => address).join()];
  };
  const becomes = (...state: readonly [ready: boolean, isValid: boolean, targets: string]) =>
    until(
      () => JSON.stringify(now()) === JSON.stringify(state),
      () => `it is ${JSON.stringify(now())}, not ${JSON.stringify(state)}`,
    );
  return { watched, becomes };
}

it("a silent source holds back neither other targets nor the result of the reading", async () => {
  const list = await startSilentList();
  const folder = makeFolder();
  const file = join(folder, "site.yaml");
  writeFileSync(join(folder, "t.yaml"), "- h:2\n");
  const discover = `discover: { files: [t.yaml], http: ["${list.url}"] }\n`;
  writeFileSync(file, `targets: [h:1]\n${discover}`);
  const { watched, becomes } = follow(file);
  await becomes(false, true, "h:1,h:2");
  await until(list.asked, () => "the list was not asked for");
  list.answer();
  await becomes(true, true, "h:1,h:2,h:3");

  // At a reload, a source that was there before keeps what it gave; one that is new is waited for.
  const { reload } = await watched;
  writeFileSync(file, `targets: [h:4]\n${discover}`);
  const again = reload();
  await becomes(true, true, "h:4,h:2,h:3");
  await until(list.asked, () => "the list was not asked for again");
  list.answer();
  await again;
  writeFileSync(file, `targets: [h:5]\ndiscover: { http: ["${list.url}new"] }\n`);
  const third = reload();
  await becomes(false, true, "h:5");
  await until(list.asked, () => "the new list was not asked for");
  list.answer();
  await third;
  await becomes(true, true, "h:5,h:3");
});

it("a source that failed once is not waited for any more", async () => {
  const { url } = await startSilentList();
  const file = join(makeFolder(), "site.yaml");
  writeFileSync(file, `targets: [h:1]\ndiscover: { http: [{ url: "${url}", interval: 1s }] }\n`);
  const { becomes } = follow(file);
  await becomes(true, true, "h:1");
});

it("a reload does not wait for the silent source of the reading before", async () => {
  const list = await startSilentList();
  const file = join(makeFolder(), "site.yaml");
  const discover = `discover: { http: ["${list.url}"] }\n`;
  writeFileSync(file, `targets: [h:1]\n${discover}`);
  const begun: WatchedConfiguration[] = [];
  const { watched, becomes } = follow(file, (each) => begun.push(each));
  await until(list.asked, () => "the list was not asked for");
  // The first reading waits for the list: two reloads follow it, and the second one ends the first.
  const [{ reload }] = begun as [WatchedConfiguration];
  writeFileSync(file, `targets: [h:2]\n${discover}`);
  const first = reload();
  await becomes(false, true, "h:2");
  writeFileSync(file, "targets: [h:3]\n");
  await reload();
  await Promise.all([first, watched]);
  await becomes(true, true, "h:3");
});
