import { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import net from "node:net";

// The peers use Buffer() and process.binding(), which print warnings to standard error.
process.noDeprecation = true;
const require = createRequire(new URL("../package.json", import.meta.url));
const { Writable } = require("node:stream");

/** A socket without a connection. A peer reads what `push` emits. */
class FakeSocket extends EventEmitter {
  push(bytes) {
    this.emit("data", bytes);
  }
  setKeepAlive() {}
  end() {}
  write() {
    return true;
  }
}

/** Every peer that decodes FastCGI records: `decode(bytes)` returns stdout as one Buffer. */
export function recordPeers() {
  return [fastcgiStream(), fastcgiParser(), fastcgiClient()];
}

function fastcgiStream() {
  const { FastCGIStream, records } = require("fastcgi-stream");
  const socket = new FakeSocket();
  let contents = [];
  new FastCGIStream(socket).on("record", (_, record) => {
    if (record.TYPE === records.StdOut.TYPE) contents.push(record.data);
  });
  return {
    name: "fastcgi-stream 1.0.0",
    decode(bytes) {
      contents = [];
      socket.push(bytes);
      return Buffer.concat(contents);
    },
  };
}

function fastcgiParser() {
  const { parser: Parser, constants } = require("fastcgi-parser");
  const parser = new Parser();
  // Neither "utf8" nor "ascii": the content is passed as bytes, in a buffer that is reused.
  parser.encoding = "binary";
  let contents = [];
  let type = 0;
  parser.onHeader = (header) => {
    type = header.type;
  };
  parser.onBody = (buffer, start, end) => {
    if (type === constants.record.FCGI_STDOUT) {
      contents.push(Buffer.from(buffer.subarray(start, end)));
    }
  };
  return {
    name: "fastcgi-parser 0.1.5",
    decode(bytes) {
      contents = [];
      parser.execute(bytes);
      return Buffer.concat(contents);
    },
  };
}

function fastcgiClient() {
  const createConnection = require("fastcgi-client/lib/connection.js");
  const socket = new FakeSocket();
  const original = net.createConnection;
  net.createConnection = () => socket;
  const connection = createConnection({ _sockFile: "none" });
  net.createConnection = original;
  let contents = [];
  connection.on("message-6", (_, data) => contents.push(data));
  return {
    name: "fastcgi-client 0.2.0",
    decode(bytes) {
      contents = [];
      socket.push(bytes);
      return Buffer.concat(contents);
    },
  };
}

/**
 * node-fastcgi is a server: it reads the records of STDIN of a request that has begun.
 *
 * @param opening BEGIN_REQUEST and PARAMS
 */
export async function nodeFastcgi(opening) {
  const { createServer } = require("node-fastcgi");
  const socket = Object.assign(new Writable({ write: (_, __, done) => done() }), {
    setTimeout() {},
    push(bytes) {
      this.emit("data", bytes);
    },
  });
  let contents = [];
  const server = createServer((request) => {
    request.on("data", (data) => contents.push(data));
  });
  server.emit("connection", socket);
  socket.push(opening);
  // The request's stream starts to flow in a later turn of the event loop.
  await new Promise((resolve) => setTimeout(resolve, 20));
  return {
    name: "node-fastcgi 2.0.0",
    decode(bytes) {
      contents = [];
      socket.push(bytes);
      return Buffer.concat(contents);
    },
  };
}

/** Every peer that splits name-value pairs: `decode(content)` returns pairs of strings. */
export function pairPeers(record) {
  const { records } = require("fastcgi-stream");
  const parseKeyValues = require("fastcgi-client/lib/parsekv.js");
  const { parser: Parser } = require("fastcgi-parser");
  const parser = new Parser();
  let pairs = [];
  parser.onParam = (name, value) => pairs.push([name, value]);
  return [
    {
      name: "fastcgi-stream 1.0.0",
      decode(content) {
        const params = new records.Params();
        params.read(content);
        // An empty value is returned as a bare name.
        return params.params.map((pair) => (Array.isArray(pair) ? pair : [pair, ""]));
      },
    },
    {
      name: "fastcgi-parser 0.1.5",
      decode(content) {
        pairs = [];
        parser.execute(record(4, content));
        return pairs;
      },
    },
    {
      name: "fastcgi-client 0.2.0",
      decode: (content) => Object.entries(parseKeyValues(content)),
    },
  ];
}

/** Every peer that decodes netstrings: `decode(bytes)` returns their contents. */
export function netstringPeer() {
  const netstring = require("netstring");
  const socket = new FakeSocket();
  let contents = [];
  new netstring.Stream(socket).on("data", (content) => contents.push(content));
  return {
    name: "netstring 0.3.0",
    decode(bytes) {
      contents = [];
      socket.push(bytes);
      return contents;
    },
  };
}
