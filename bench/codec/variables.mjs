import { compare, plainCopy } from "../lib/compare.mjs";
import { fixture } from "../lib/fixtures.mjs";
import {
  framesOf,
  pairsOf,
  splitNetstrings,
  splitPairs,
  splitScgi,
  splitUwsgi,
} from "../lib/jobs.mjs";
import { load, loadEngines, title } from "../lib/package.mjs";
import { netstringPeer, pairPeers } from "../lib/peer-decoders.mjs";
import { contentsOf, record } from "../lib/records.mjs";

const PARAMS = 4;

const engines = await loadEngines();
const { variableOf } = await load("cgi/variables.js");

/** The rows of a job that leaves pairs: as positions, and as strings. */
async function comparePairs(name, split, bytes, peers) {
  const count = split(engines[0], bytes);
  const all = engines.map((engine) => ({
    engine,
    pairs: () => pairsOf(engine, count, variableOf),
  }));
  await compare({ name: `${name} (${count}), ranges` }, [
    ...all.map(({ engine, pairs }) => ({
      name: title(engine),
      run: () => split(engine, bytes),
      result() {
        split(engine, bytes);
        return pairs();
      },
    })),
    plainCopy(bytes),
  ]);
  await compare({ name: `${name} (${count}), strings` }, [
    ...all.map(({ engine, pairs }) => {
      const decode = () => {
        split(engine, bytes);
        return pairs();
      };
      return { name: title(engine), run: () => decode().length, result: decode };
    }),
    ...peers.map(({ name, decode }) => {
      const chunk = Buffer.from(bytes);
      return { name, run: () => decode(chunk).length, result: () => decode(chunk) };
    }),
  ]);
}

/** SCGI with the npm package netstring for the framing. The headers are split as text. */
function scgiPeer() {
  const { name, decode } = netstringPeer();
  return {
    name: `${name} and split`,
    decode(bytes) {
      const words = decode(bytes)[0].latin1Slice().split("\0");
      const pairs = [];
      for (let i = 0; i + 1 < words.length; i += 2) pairs.push([words[i], words[i + 1]]);
      return pairs;
    },
  };
}

const params = contentsOf(fixture("nginx-get.fastcgi.bin"), PARAMS);
await comparePairs("name-value pairs of a request", splitPairs, params, pairPeers(record));
await comparePairs("SCGI request", splitScgi, fixture("nginx-get.scgi.bin"), [scgiPeer()]);
await comparePairs("uwsgi packet", splitUwsgi, fixture("nginx-get.uwsgi.bin"), []);

const frame = Buffer.from("12:hello, world,");
const frames = Buffer.concat(new Array(4096).fill(frame));
const peer = netstringPeer();
await compare({ name: "netstrings of 12 bytes", count: 4096, each: "netstring" }, [
  ...engines.map((engine) => ({
    name: title(engine),
    run: () => splitNetstrings(engine, frames),
    result: () => framesOf(engine, splitNetstrings(engine, frames)),
  })),
  {
    name: peer.name,
    run: () => peer.decode(frames).length,
    result: () => peer.decode(frames).map((content) => new Uint8Array(content)),
  },
  plainCopy(frames),
]);
