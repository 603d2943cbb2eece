import { once } from "node:events";
import { createRequire } from "node:module";
import { splitAndRegex } from "../lib/status-pages.mjs";

process.noDeprecation = true;

export async function createScrape(sockFile) {
  const fastCgi = createRequire(new URL("../package.json", import.meta.url))("fastcgi-client");
  const client = fastCgi({ sockFile, skipCheckServer: true });
  await once(client, "ready");
  const params = {
    SCRIPT_NAME: "/status",
    SCRIPT_FILENAME: "/status",
    QUERY_STRING: "",
    REQUEST_METHOD: "GET",
  };
  return () =>
    new Promise((resolve, reject) => {
      client.request(params, (error, request) => {
        if (error) return reject(error);
        const chunks = [];
        request.stdout.on("data", (chunk) => chunks.push(chunk));
        request.stdout.on("end", () => {
          const answer = Buffer.concat(chunks).utf8Slice();
          const { pool } = splitAndRegex(answer.slice(answer.indexOf("\r\n\r\n") + 4));
          if (pool["accepted conn"] > 0) resolve();
          else reject(new Error("no status page"));
        });
        request.stdin.end();
      });
    });
}
