import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { expect, it } from "vitest";
import { cgiFcgi, splitResponse } from "./cgi-fcgi.js";
import { describeWith } from "./describe-with.js";
import { cgiProgram, startFcgiwrap } from "./fcgiwrap.js";
import { childrenOf, countOpenFiles, isAlive } from "./processes.js";
import { until } from "./server-process.js";
import { startUwsgi } from "./uwsgi.js";

const gone = (pids: readonly number[]) =>
  until(
    () => !pids.some(isAlive),
    () => `still there: ${pids.filter(isAlive)}`,
  );

describeWith(["uwsgi", "cgi-fcgi"], "a uWSGI of our own", () => {
  it("serves our application to another client, and leaves nothing behind", async () => {
    await (await startUwsgi({ processes: 1 })).stop(); // the guard's pipe stays open from here on
    const files = countOpenFiles();
    const uwsgi = await startUwsgi({ processes: 2 });
    const socket = uwsgi.address("fcgi", "unix").replace(/^fcgi:\/\/unix:/, "");
    const { stdout } = await cgiFcgi(socket, {
      REQUEST_METHOD: "GET",
      QUERY_STRING: "do=big&bytes=30",
    });
    expect(splitResponse(stdout).body.toString()).toBe("abcdefghijklmnopqrstuvwxyzabcd");
    const workers = childrenOf(uwsgi.pid);
    expect(workers).toHaveLength(2);
    await uwsgi.stop();
    await gone([uwsgi.pid, ...workers]);
    expect(existsSync(dirname(socket))).toBe(false);
    expect(countOpenFiles()).toBe(files);
    await uwsgi.stop();
  });

  it("tells addresses of three protocols on two kinds of sockets", async () => {
    await using uwsgi = await startUwsgi({ processes: 1 });
    expect(uwsgi.address("scgi", "unix")).toMatch(/^scgi:\/\/unix:\/.*\/scgi\.sock$/);
    expect(uwsgi.address("uwsgi", "tcp")).toMatch(/^uwsgi:\/\/127\.0\.0\.1:\d+$/);
  });
});

describeWith(["fcgiwrap", "cgi-fcgi", "python3"], "an fcgiwrap of our own", () => {
  it("runs our CGI programs for another client, and leaves nothing behind", async () => {
    const fcgiwrap = await startFcgiwrap(2);
    const socket = fcgiwrap.address.replace(/^unix:/, "");
    for (const name of ["app.py", "app.sh"]) {
      const { stdout } = await cgiFcgi(socket, {
        REQUEST_METHOD: "GET",
        SCRIPT_FILENAME: cgiProgram(name),
        QUERY_STRING: "do=big&bytes=30",
      });
      expect(splitResponse(stdout).body.toString()).toBe("abcdefghijklmnopqrstuvwxyzabcd");
    }
    expect(childrenOf(fcgiwrap.pid)).toHaveLength(2);
    await fcgiwrap.stop();
    await gone([fcgiwrap.pid]);
    expect(existsSync(socket)).toBe(false);
  });
});
