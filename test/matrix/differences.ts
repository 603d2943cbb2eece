/** What a front end refuses or does in its own way: what is seen then, and why. */
export interface Difference {
  is: string;
  because: string;
}

const ownLog: Difference = {
  is: "our own log",
  because: "SCGI and uwsgi have no error stream",
};
const notTold: Difference = {
  is: "not told",
  because: "it lets a request that has not been answered run to its end",
};
const refusesChunks: Difference = {
  is: "411",
  because: "mod_proxy sends these protocols no body whose length the client has not told",
};
const refusesPercent: Difference = {
  is: "400",
  because: "mod_proxy 2.4.71 answers so to %25 in a path, and does not ask the server",
};

const haproxy: Readonly<Record<string, Difference>> = {
  "chunked POST": {
    is: "400",
    because: "it gathers no more chunks than its buffer of 16 KB holds, and asks no server",
  },
  "non-ASCII path": { is: "400", because: "it refuses bytes above 127, and asks no server" },
};

/** By way, then by case. Where nothing stands here, everything is as it should be. */
export const differences: Readonly<Record<string, Readonly<Record<string, Difference>>>> = {
  "nginx scgi_pass": { "error stream": ownLog },
  "nginx uwsgi_pass": { "error stream": ownLog },
  "Apache mod_proxy_fcgi": { "client leaves silence": notTold, "encoded path": refusesPercent },
  "Apache mod_proxy_scgi": {
    "chunked POST": refusesChunks,
    "error stream": ownLog,
    "client leaves silence": notTold,
    "encoded path": refusesPercent,
  },
  "Apache mod_proxy_uwsgi": {
    "chunked POST": refusesChunks,
    "error stream": ownLog,
    "client leaves silence": notTold,
    "encoded path": refusesPercent,
    "encoded slash": {
      is: "500",
      because: "it cannot decode %2F, and says so in its log (AH10100)",
    },
  },
  "Apache mod_fcgid": {
    "client leaves silence": notTold,
    "handler breaks off": {
      is: "taken for whole",
      because: "it logs that the server closed the connection, and ends the answer all the same",
    },
  },
  "lighttpd fastcgi.server": { "client leaves silence": notTold },
  "lighttpd scgi.server": { "error stream": ownLog, "client leaves silence": notTold },
  "lighttpd uwsgi": { "error stream": ownLog, "client leaves silence": notTold },
  "Caddy fastcgi": {
    "chunked POST": {
      is: "400",
      because: "it says CONTENT_LENGTH -1 (2.6), which cannot be: our server refuses it",
    },
    "error stream": { is: "lost", because: "it logs none of it, for all of capture_stderr (2.6)" },
    "client leaves silence": notTold,
    "handler breaks off": {
      is: "taken for whole",
      because: "it logs that the answer is not whole, and ends it for the client all the same",
    },
  },
  "HAProxy close": haproxy,
  "HAProxy keep-conn": {
    ...haproxy,
    "client leaves silence": {
      is: "the next request hangs",
      because:
        "it sends the next request on the same connection, and waits on when told CANT_MPX_CONN (2.6)",
    },
  },
  "HAProxy mpxs-conns": { ...haproxy, "client leaves silence": notTold },
};
