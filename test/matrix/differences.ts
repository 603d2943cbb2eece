/** What a front end refuses, or does in a way of its own. */
export interface Difference {
  /** The result of the case. */
  is: string;
  because: string;
}

const ownLog: Difference = {
  is: "our own log",
  because: "SCGI, uwsgi and HTTP have no error stream",
};
const notAborted: Difference = {
  is: "not aborted",
  because: "it lets a request that has not been answered run to its end",
};
const refusesChunks: Difference = {
  is: "411",
  because: "mod_proxy passes on no body without a length to these protocols",
};
const refusesPercent: Difference = {
  is: "400",
  because: "mod_proxy 2.4.71 refuses %25 in a path, and does not ask the server",
};

const tellsClient: Difference = {
  is: "302",
  because: "it serves no local redirect itself, and sends it to the client",
};
const needsStatus: Difference = {
  is: "302",
  because: "it would show an empty page: our server knows it, and sends an ordinary redirect",
};
const statusLine: Difference = {
  is: "302",
  because: "a uwsgi answer begins with a status, and then is no local redirect",
};

const noRawBytes: Difference = {
  is: "400",
  because: "HTTP's targets are in ASCII, and Node's parser refuses others",
};
const endsAllTheSame: Difference = {
  is: "taken for whole",
  because: "it logs that the answer is cut off, but ends it for the client as a complete one",
};
/** The differences of every front end that asks our server over HTTP. */
const http: Readonly<Record<string, Difference>> = {
  "local redirect": tellsClient,
  "error stream": ownLog,
  "non-ASCII path": noRawBytes,
};

const refusesBytes: Difference = {
  is: "400",
  because: "it refuses bytes above 127, and asks no server",
};

const haproxy: Readonly<Record<string, Difference>> = {
  "chunked POST": {
    is: "400",
    because: "it gathers no more chunks than its buffer of 16 KB holds, and asks no server",
  },
  "non-ASCII path": refusesBytes,
  "local redirect": tellsClient,
};

/** By way, then by case. Where nothing stands here, everything is as it should be. */
export const differences: Readonly<Record<string, Readonly<Record<string, Difference>>>> = {
  "nginx fastcgi_pass": { "local redirect": tellsClient },
  "nginx fastcgi_keep_conn": { "local redirect": tellsClient },
  "nginx unbuffered": { "local redirect": tellsClient },
  "nginx scgi_pass": { "error stream": ownLog, "local redirect": tellsClient },
  "nginx uwsgi_pass": { "error stream": ownLog, "local redirect": statusLine },
  "nginx proxy_pass": http,
  "nginx proxy_keepalive": http,
  "Apache mod_proxy_fcgi": {
    "local redirect": needsStatus,
    "client leaves silence": notAborted,
    "encoded path": refusesPercent,
  },
  "Apache mod_proxy_scgi": {
    "chunked POST": refusesChunks,
    "error stream": ownLog,
    "client leaves silence": notAborted,
    "encoded path": refusesPercent,
  },
  "Apache mod_proxy_uwsgi": {
    "chunked POST": refusesChunks,
    "local redirect": statusLine,
    "error stream": ownLog,
    "client leaves silence": notAborted,
    "encoded path": refusesPercent,
    "encoded slash": {
      is: "500",
      because: "it cannot decode %2F, and says so in its log (AH10100)",
    },
  },
  "Apache mod_proxy_http": {
    ...http,
    "client leaves silence": notAborted,
    "encoded path": refusesPercent,
  },
  "Apache mod_fcgid": {
    "client leaves silence": notAborted,
    "handler breaks off": {
      is: "taken for whole",
      because: "it logs that the server closed the connection, and ends the answer all the same",
    },
  },
  "lighttpd fastcgi.server": { "local redirect": tellsClient, "client leaves silence": notAborted },
  "lighttpd scgi.server": {
    "local redirect": tellsClient,
    "error stream": ownLog,
    "client leaves silence": notAborted,
  },
  "lighttpd uwsgi": {
    "local redirect": statusLine,
    "error stream": ownLog,
    "client leaves silence": notAborted,
  },
  "lighttpd proxy.server": {
    "local redirect": tellsClient,
    "error stream": ownLog,
    "client leaves silence": notAborted,
  },
  "Caddy fastcgi": {
    "chunked POST": {
      is: "400",
      because: "it says CONTENT_LENGTH -1 (2.6), which cannot be: our server refuses it",
    },
    "local redirect": needsStatus,
    "error stream": { is: "lost", because: "it logs none of it, for all of capture_stderr (2.6)" },
    "client leaves silence": notAborted,
    "handler breaks off": endsAllTheSame,
  },
  "Caddy http": {
    ...http,
    "client leaves silence": notAborted,
    "handler breaks off": endsAllTheSame,
  },
  "HAProxy close": haproxy,
  "HAProxy keep-conn": { ...haproxy, "client leaves silence": notAborted },
  "HAProxy mpxs-conns": { ...haproxy, "client leaves silence": notAborted },
  "HAProxy http": { ...http, "non-ASCII path": refusesBytes },
};
