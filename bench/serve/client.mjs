// Loads a server from a process of its own: answers `{ connections, milliseconds }` with what it
// did in that time. Arguments, as JSON: `listen` (a path or `{ host, port }`), `request` (base64),
// and `kept`: whether connections are kept, and answers as long as the first; else each
// connection carries one request, and its end is the answer's. No connections: one answer is read
// through, and its length told.
import net from "node:net";

const END_RECORD = 16;
const END_REQUEST = 3;

const { listen, request, kept } = JSON.parse(process.argv[2]);
const bytes = Buffer.from(request, "base64");
const target = typeof listen === "string" ? { path: listen } : { ...listen, noDelay: true };
/** Of an answer on a kept connection: the first is looked at whole. */
let answerLength = 0;

/** Sends one request after another on a connection, until `isOver()`. */
function keptLoop(tally, isOver) {
  return new Promise((resolve, reject) => {
    const buffer = Buffer.alloc(65_536);
    let received = 0;
    const callback = (length) => {
      received += length;
      if (received < answerLength) return true;
      if (received > answerLength || buffer[length - END_RECORD + 1] !== END_REQUEST) {
        socket.destroy(new Error(`an answer of ${received} bytes, not ${answerLength}`));
        return true;
      }
      received = 0;
      tally.answers += 1;
      if (isOver()) socket.destroy();
      else socket.write(bytes);
      return true;
    };
    const socket = net.connect({ ...target, onread: { buffer, callback } });
    socket.on("error", reject);
    socket.on("close", () => (isOver() ? resolve() : reject(new Error("closed early"))));
    socket.write(bytes);
  });
}

/** One connection, one request, read to its end. @returns what came */
function exchange() {
  return new Promise((resolve, reject) => {
    const socket = net.connect(target);
    const chunks = [];
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      if (kept && endsRequest(Buffer.concat(chunks))) socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(Buffer.concat(chunks)));
    socket.write(bytes);
  });
}

/** Whether the records end in END_REQUEST. */
function endsRequest(records) {
  let at = 0;
  let type = 0;
  while (at + 8 <= records.length) {
    type = records[at + 1];
    at += 8 + records.readUInt16BE(at + 4) + records[at + 6];
  }
  return at === records.length && type === END_REQUEST;
}

async function closedLoop(tally, isOver) {
  while (!isOver()) {
    const answer = await exchange();
    if (answer.length !== answerLength) {
      throw new Error(`an answer of ${answer.length} bytes, not ${answerLength}`);
    }
    tally.answers += 1;
  }
}

/** How many bytes come on one connection. */
function readThrough() {
  return new Promise((resolve, reject) => {
    let received = 0;
    const callback = (length) => {
      received += length;
      return true;
    };
    const onread = { buffer: Buffer.alloc(65_536), callback };
    const socket = net.connect({ ...target, onread });
    socket.on("error", reject);
    socket.on("close", () => resolve(received));
    socket.write(bytes);
  });
}

process.on("message", async ({ connections, milliseconds }) => {
  if (connections === 0) {
    const began = performance.now();
    const received = await readThrough();
    process.send({ received, seconds: (performance.now() - began) / 1000 });
    return;
  }
  const first = await exchange();
  answerLength = first.length;
  const began = performance.now();
  const end = began + milliseconds;
  const isOver = () => performance.now() >= end;
  const tally = { answers: 0 };
  const loop = kept ? keptLoop : closedLoop;
  await Promise.all(Array.from({ length: connections }, () => loop(tally, isOver)));
  const seconds = (performance.now() - began) / 1000;
  process.send({ answers: tally.answers, seconds, first: first.toString("latin1") });
});
process.on("disconnect", () => process.exit());
process.send("ready");
