import { execFile } from "node:child_process";
import { splitAndRegex } from "../lib/status-pages.mjs";

/** Starts a process for each page, as monitoring scripts do. */
export async function createScrape(socket, program) {
  const options = {
    encoding: "latin1",
    env: {
      SCRIPT_NAME: "/status",
      SCRIPT_FILENAME: "/status",
      QUERY_STRING: "",
      REQUEST_METHOD: "GET",
    },
  };
  return () =>
    new Promise((resolve, reject) => {
      execFile(program, ["-bind", "-connect", socket], options, (error, answer) => {
        if (error) return reject(error);
        const { pool } = splitAndRegex(answer.slice(answer.indexOf("\r\n\r\n") + 4));
        if (pool["accepted conn"] > 0) resolve();
        else reject(new Error("no status page"));
      });
    });
}
