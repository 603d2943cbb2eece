import { compare, plainCopy } from "../lib/compare.mjs";
import { fixture } from "../lib/fixtures.mjs";
import { demultiplex, stdoutOf } from "../lib/jobs.mjs";
import { loadEngines, title } from "../lib/package.mjs";
import { nodeFastcgi, recordPeers } from "../lib/peer-decoders.mjs";
import { contentsOf, record, recordsOf } from "../lib/records.mjs";

const BEGIN_REQUEST = 1;
const PARAMS = 4;
const STDIN = 5;
const STDOUT = 6;

const engines = await loadEngines();
const peers = recordPeers();
const server = await nodeFastcgi(opening());

for (const length of [8, 32, 128, 512, 8184, 65_528]) {
  const { bytes, count } = recordsOf(STDOUT, length, 65_536);
  await compare({ name: `demultiplex records of ${length} bytes`, count, each: "record" }, [
    ...ours(bytes),
    ...peers.map((peer) => theirs(peer, bytes)),
    theirs(server, recordsOf(STDIN, length, 65_536).bytes),
    plainCopy(bytes),
  ]);
}
for (const [name, file] of [
  ["demultiplex a status answer (0.5 KB, captured)", "status-text.fcgi.bin"],
  ["demultiplex a full status answer (38 KB, captured)", "status-full-text.fcgi.bin"],
]) {
  const bytes = fixture(file);
  await compare({ name }, [
    ...ours(bytes),
    ...peers.map((peer) => theirs(peer, bytes)),
    plainCopy(bytes),
  ]);
}

function ours(bytes) {
  return engines.map((engine) => ({
    name: title(engine),
    run: () => demultiplex(engine, bytes),
    result() {
      demultiplex(engine, bytes);
      return stdoutOf(engine);
    },
  }));
}

function theirs({ name, decode }, bytes) {
  const chunk = Buffer.from(bytes);
  return {
    name,
    run: () => decode(chunk).length,
    result: () => new Uint8Array(decode(chunk)),
  };
}

/** A request with complete variables, after which a server expects STDIN. */
function opening() {
  const capture = fixture("nginx-get.fastcgi.bin");
  return Buffer.concat([
    record(BEGIN_REQUEST, new Uint8Array([0, 1, 1, 0, 0, 0, 0, 0])),
    record(PARAMS, contentsOf(capture, PARAMS)),
    record(PARAMS, new Uint8Array(0)),
  ]);
}
