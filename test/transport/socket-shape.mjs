// Prints how many hidden classes the options of a hundred equal sockets have, after a hundred others
// were made. Run with --allow-natives-syntax.
import net from "node:net";
import stream from "node:stream";
import { parseAddress } from "../../dist/address.js";
import { shareSocketShape } from "../../dist/transport/node-internals.js";
import { nodeConnector } from "../../dist/transport/node-socket.js";

const [how] = process.argv.slice(2);
const haveSameClass = new Function("one", "other", "return %HaveSameMap(one, other)");
const { Duplex } = stream;
const seen = [];
// net.Socket calls what the module has.
stream.Duplex = function (options) {
  seen.push(options);
  return Duplex.call(this, options);
};

if (how === "shared") shareSocketShape();
if (how === "of a client") {
  const connect = nodeConnector(parseAddress("unix:/no/such.sock"));
  for (let i = 0; i < 40; i++) connect({}).destroy();
}
for (let i = 0; i < 200; i++) {
  new net.Socket({ allowHalfOpen: true, readable: true, writable: true });
}
const first = [];
for (const options of seen.slice(-100)) {
  if (!first.some((other) => haveSameClass(options, other))) first.push(options);
}
process.stdout.write(`${first.length}\n`);
