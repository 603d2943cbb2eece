// An application in WSGI's style (PEP 3333), as one would write it in Python, behind uwsgi_pass.
// For porting: the environ has the same keys, and wsgi.input, wsgi.errors and close() work alike.
//
//   npm install fcgi-probe
//   node wsgi-app.mjs uwsgi://unix:/run/app.sock
//
// nginx, in a server block:
//   location / { include uwsgi_params; uwsgi_pass unix:/run/app.sock; }
import { fromWsgi, serve } from "fcgi-probe/server";

const MOST = 65_536;
const entries = [];

async function guestbook(environ, startResponse) {
  const { REQUEST_METHOD: method, PATH_INFO: path } = environ;
  if (path !== "/guestbook") {
    startResponse("404 Not Found", [["Content-Type", "text/plain"]]);
    return ["There is only /guestbook.\n"];
  }
  if (method === "POST") {
    if (Number(environ.CONTENT_LENGTH) > MOST) {
      startResponse("413 Content Too Large", [["Content-Type", "text/plain"]]);
      return [`At most ${MOST} bytes.\n`];
    }
    const form = new URLSearchParams(await new Response(environ["wsgi.input"]).text());
    entries.push(form.get("name") || "somebody");
    if (entries.length > 100) entries.shift();
    environ["wsgi.errors"].write(`an entry from ${environ.REMOTE_ADDR}\n`);
    startResponse("303 See Other", [["Location", "/guestbook"]]);
    return [];
  }
  startResponse("200 OK", [["Content-Type", "text/plain; charset=utf-8"]]);
  return lines();
}

/** A result may be any iterable: it is sent as it comes. */
function* lines() {
  yield `${entries.length} in the guest book\n`;
  for (const name of entries) yield `- ${name}\n`;
}

const server = await serve(fromWsgi(guestbook), {
  listen: process.argv[2] ?? "uwsgi://unix:/run/app.sock",
  socketMode: 0o666,
});
console.log(`listening at ${server.address}`);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
