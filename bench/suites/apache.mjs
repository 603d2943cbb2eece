// httpd's text and HTML status pages, with 400 and with 10,000 workers.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { compare, plainCopy } from "../lib/compare.mjs";
import { fixture } from "../lib/fixtures.mjs";
import { load, loadEngines, root, title } from "../lib/package.mjs";
import { jsonPage, makePool } from "../lib/status-pages.mjs";

const require = createRequire(new URL("package.json", pathToFileURL(root)));
const { Tokenizer } = await import(pathToFileURL(require.resolve("htmlparser2")).href);

const engines = await loadEngines();
const { parseServerStatus } = await load("apache/page/text-page.js");
const { parseServerStatusHtml } = await load("apache/page/html-page.js");

const LETTERS = "_SRWKDCLGI.";
const megabyte = megabyteOfJson();

for (const workers of [400, 10_000]) {
  await compareText(`text page of ${workers} workers`, textPage(workers));
  await compareHtml(`HTML page of ${workers} workers`, htmlPage(workers), workers);
}

async function compareText(name, page) {
  const buffer = Buffer.from(page);
  const fields = (status) => [
    status.totalAccesses,
    status.cpuUser,
    status.requestsPerSecond,
    status.busyWorkers,
    status.scoreboard.writing,
  ];
  await compare({ suite: "apache", name }, [
    ...engines.map((engine) => ({
      name: title(engine),
      run: () => parseServerStatus(page, engine).busyWorkers,
      result: () => fields(parseServerStatus(page, engine)),
    })),
    {
      name: "split and regex",
      run: () => splitAndRegex(buffer.latin1Slice()).busyWorkers,
      result: () => fields(splitAndRegex(buffer.latin1Slice())),
    },
    jsonOfMegabyte(),
    plainCopy(page),
  ]);
}

async function compareHtml(name, page, workers) {
  const buffer = Buffer.from(page);
  await compare({ suite: "apache", name }, [
    {
      name: "fcgi-probe",
      run: () => parseServerStatusHtml(page).rows.length,
      result: () => parseServerStatusHtml(page).rows.length,
    },
    { name: "htmlparser2, tokens alone", run: () => tokens(buffer.utf8Slice()) },
    {
      name: "regular expressions",
      run: () => regexRows(buffer.utf8Slice()),
      result: () => workers,
    },
    jsonOfMegabyte(),
    plainCopy(page),
  ]);
}

/** The captured page of 2.4.71 with a scoreboard of this many letters. */
function textPage(workers) {
  const page = Buffer.from(fixture("apache-auto.txt")).latin1Slice();
  const [, board] = /^Scoreboard: (.*)$/m.exec(page);
  return bytesOf(page.replace(board, repeated(board, workers)));
}

/** The captured page of 2.4.71 with this many rows. */
function htmlPage(workers) {
  const page = readFileSync(
    new URL("../fixtures/apache-status.html.txt", import.meta.url),
    "latin1",
  );
  const rows = page.match(/<tr><td><b>[\s\S]*?<\/tr>\n/g);
  const start = page.indexOf(rows[0]);
  const end = page.lastIndexOf(rows.at(-1)) + rows.at(-1).length;
  const made = Array.from({ length: workers }, (_, at) => {
    const row = rows[at % rows.length].replace(/<b>[^<]*/, `<b>${Math.floor(at / 25)}-0`);
    return row.replace(/<td>[0-9]+<\/td>/, `<td>${20_000 + Math.floor(at / 25)}</td>`);
  });
  const [, board] = /<pre>([^<]*)/.exec(page);
  const head = page.slice(0, start).replace(board, repeated(board, workers));
  return bytesOf(head + made.join("") + page.slice(end));
}

function repeated(text, length) {
  return text
    .replaceAll("\n", "")
    .repeat(Math.ceil(length / 60))
    .slice(0, length);
}

function bytesOf(text) {
  return new Uint8Array(Buffer.from(text, "latin1"));
}

function megabyteOfJson() {
  let count = 1_000;
  for (;;) {
    const text = jsonPage(makePool(count));
    if (text.length > 900_000) return Buffer.from(text, "latin1");
    count = Math.ceil((count * 1_000_000) / text.length);
  }
}

function jsonOfMegabyte() {
  return {
    name: `JSON.parse of ${(megabyte.length / 1e6).toFixed(1)} MB`,
    run: () => JSON.parse(megabyte.utf8Slice()).processes.length,
  };
}

/** Parses as most programs do: a line is a key and a value, and a numeric value is a number. */
function splitAndRegex(text) {
  const fields = new Map();
  for (const line of text.split("\n")) {
    const match = /^([^:]+):\s*(.*)$/.exec(line);
    if (match === null) continue;
    const [, key, value] = match;
    const isNumber = /^-?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$/.test(value);
    fields.set(key, isNumber ? Number(value) : value);
  }
  const counts = Object.fromEntries([...LETTERS].map((letter) => [letter, 0]));
  for (const letter of fields.get("Scoreboard")) counts[letter] += 1;
  return {
    totalAccesses: fields.get("Total Accesses"),
    cpuUser: fields.get("CPUUser"),
    requestsPerSecond: fields.get("ReqPerSec"),
    busyWorkers: fields.get("BusyWorkers"),
    scoreboard: { writing: counts.W },
  };
}

/** The tokenizer that ours uses, alone: what it finds is discarded. */
function tokens(text) {
  let count = 0;
  const one = () => {
    count += 1;
  };
  const callbacks = {
    onattribdata: one,
    onattribentity: one,
    onattribend: one,
    onattribname: one,
    oncdata: one,
    onclosetag: one,
    oncomment: one,
    ondeclaration: one,
    onend: one,
    onopentagend: one,
    onopentagname: one,
    onprocessinginstruction: one,
    onselfclosingtag: one,
    ontext: one,
    ontextentity: one,
    isInForeignContext: () => false,
  };
  const tokenizer = new Tokenizer({ xmlMode: false, decodeEntities: true }, callbacks);
  tokenizer.write(text);
  tokenizer.end();
  return count;
}

/** The cells of the rows as texts, for one version's page only, and without checks. */
function regexRows(text) {
  let count = 0;
  for (const [row] of text.matchAll(/<tr><td><b>[\s\S]*?<\/tr>/g)) {
    const cells = Array.from(row.matchAll(/<td[^>]*>([\s\S]*?)<\/td>/g), ([, cell]) => cell.trim());
    if (cells.length > 10) count += 1;
  }
  return count;
}
