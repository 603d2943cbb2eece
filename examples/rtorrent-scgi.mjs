// Asks rTorrent for its downloads, over SCGI and without a web server: XML-RPC is a POST.
//
//   npm install fcgi-probe htmlparser2
//   node rtorrent-scgi.mjs scgi://unix:/run/rtorrent/rpc.socket
//
// rTorrent, in .rtorrent.rc: network.scgi.open_local = /run/rtorrent/rpc.socket
import { gatewayFetch } from "fcgi-probe";
import { Parser } from "htmlparser2";

const address = process.argv[2] ?? "scgi://127.0.0.1:5000";
const FIELDS = ["d.name=", "d.size_bytes=", "d.completed_bytes=", "d.up.rate=", "d.down.rate="];

const escaped = (text) => text.replace(/[<&]/g, (mark) => (mark === "<" ? "&lt;" : "&amp;"));

/** Calls a method whose parameters are strings. @returns the values in its answer, as strings */
async function call(method, ...parameters) {
  const values = parameters.map((text) => `<param><value>${escaped(text)}</value></param>`);
  const body = `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>${values.join("")}</params></methodCall>`;
  const headers = { "content-type": "text/xml" };
  const request = new Request("http://localhost/RPC2", { method: "POST", headers, body });
  const response = await gatewayFetch(address, request, { timeout: 5_000 });
  if (!response.ok) throw new Error(`rTorrent answers ${response.status}`);
  return valuesOf(await response.text());
}

/** The texts of the scalar values of an answer, in order. */
function valuesOf(xml) {
  const values = [];
  let text = "";
  let isFault = false;
  const parser = new Parser(
    {
      onopentag: (name) => {
        text = "";
        isFault ||= name === "fault";
      },
      ontext: (part) => {
        text += part;
      },
      onclosetag: (name) => {
        if (["string", "i4", "i8", "int"].includes(name)) values.push(text);
      },
    },
    { xmlMode: true },
  );
  parser.end(xml);
  if (isFault) throw new Error(`rTorrent refuses: ${values.join(" ")}`);
  return values;
}

const values = await call("d.multicall2", "", "main", ...FIELDS);
for (let at = 0; at < values.length; at += FIELDS.length) {
  const [name, size, done, up, down] = values.slice(at, at + FIELDS.length);
  const percent = Math.floor((100 * Number(done)) / Math.max(1, Number(size)));
  // A name may hold anything: as JSON it cannot control the terminal.
  console.log(
    `${String(percent).padStart(3)} %  up ${up}  down ${down} B/s  ${JSON.stringify(name)}`,
  );
}
