import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { compare, plainCopy } from "../lib/compare.mjs";
import { fixture } from "../lib/fixtures.mjs";
import { sumLines } from "../lib/jobs.mjs";
import { load, loadEngines, title } from "../lib/package.mjs";
import { jsonPage, makePool, splitAndRegex, textPage } from "../lib/status-pages.mjs";

const { parseStatusPage } = await load("status-page/read-page.js");
const engines = await loadEngines();
/** Functions that read the fields of our results, for each engine. */
const ourFields = new Map();
for (const { name } of engines) ourFields.set(name, (await fieldsFor(name)).ourFields);
const textFields = await fieldsFor("text");
const jsonFields = await fieldsFor("json");

checkMakers();
const plain = latin1(fixture("status.txt"));
const { pool } = fromText(plain);
await comparePages("plain status page", plain, jsonPage({ pool }));
for (const count of [100, 1000]) {
  const made = makePool(count);
  await comparePages(`full status page of ${count} processes`, textPage(made), jsonPage(made));
}
await compareLines(
  "full status page of 100 processes, lines and numbers",
  Buffer.from(textPage(makePool(100)), "latin1"),
);
await compareLines("Apache ?auto page of 400 slots, lines and numbers", fixture("apache-auto.txt"));

/** A copy of the function for each contender. In a shared one, each field would be polymorphic. */
function fieldsFor(name) {
  return import(`../lib/status-fields.mjs?${name}`);
}

/** Checks that generated pages equal captured ones: the generators reproduce the captured pages. */
function checkMakers() {
  const text = latin1(fixture("status-full.txt"));
  strictEqual(textPage(fromText(text)), text);
  const json = latin1(fixture("status-full.json.txt"));
  const { processes, ...pool } = JSON.parse(json);
  strictEqual(jsonPage({ pool, processes }), json);
}

async function comparePages(name, text, json) {
  const page = new Uint8Array(Buffer.from(text, "latin1"));
  const jsonBytes = Buffer.from(json, "latin1");
  const textBytes = Buffer.from(page);
  const readers = [
    ...engines.map((engine) => ({
      name: title(engine),
      read: () => parseStatusPage(page, { engine }),
      ...ourFields.get(engine.name),
    })),
    {
      name: "split and regex",
      read: () => splitAndRegex(textBytes.utf8Slice()),
      ...textFields.theirFields("request URI"),
    },
    {
      name: "JSON.parse of the JSON page",
      read: () => JSON.parse(jsonBytes.utf8Slice()),
      ...jsonFields.theirFields("request uri"),
    },
  ];
  const sink = new Float64Array(1);
  await compare({ name: `${name}, every number` }, [
    ...readers.map(({ name, read, sum }) => ({
      name,
      run() {
        sink[0] += sum(read());
        return 1;
      },
      result: () => Math.round(sum(read()) * 100),
    })),
    plainCopy(page),
  ]);
  await compare({ name: `${name}, numbers and strings` }, [
    ...readers.map(({ name, read, sum, strings }) => ({
      name,
      run() {
        const status = read();
        sink[0] += sum(status);
        return strings(status).length;
      },
      result: () => strings(read()),
    })),
    plainCopy(page),
  ]);
}

/** The engine's own job, without the parser of a page. */
async function compareLines(name, page) {
  const sink = new Float64Array(1);
  const buffer = Buffer.from(page);
  await compare({ name }, [
    ...engines.map((engine) => ({
      name: title(engine),
      run() {
        sink[0] += sumLines(engine, page);
        return 1;
      },
      result: () => Math.round(sumLines(engine, page) * 1e6),
    })),
    {
      name: "split and regex",
      run() {
        sink[0] += sumText(buffer);
        return 1;
      },
      result: () => Math.round(sumText(buffer) * 1e6),
    },
    plainCopy(page),
  ]);
}

function sumText(buffer) {
  let sum = 0;
  for (const line of buffer.latin1Slice().split("\n")) {
    const match = /^([^:]+):\s*(.*)$/.exec(line);
    // The Apache Portable Runtime prints numbers without a leading zero: .25
    if (match !== null && /^-?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$/.test(match[2])) {
      sum += Number(match[2]);
    }
  }
  return sum;
}

function latin1(bytes) {
  return Buffer.from(bytes).latin1Slice();
}

/** Fields of a captured page, dates as seconds. */
function fromText(text) {
  const { pool, processes } = splitAndRegex(text);
  const dated = (fields) => ({ ...fields, "start time": secondsOf(fields["start time"]) });
  const result = { pool: dated(pool), processes: processes.map(dated) };
  deepStrictEqual(Object.keys(result.pool), Object.keys(pool));
  return result;
}

function secondsOf(date) {
  const [, day, month, year, time] = /^(\d+)\/(\w+)\/(\d+):(\S+) \+0000$/.exec(date);
  return Date.parse(`${day} ${month} ${year} ${time} UTC`) / 1000;
}
