import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "./ports.js";
import { makeFolder, ServerProcess, until } from "./server-process.js";
import { requireServer } from "./servers.js";

/** One series of the answer to a query. */
export interface QueryResult {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

export interface Prometheus extends AsyncDisposable {
  /** `http://127.0.0.1:1234` */
  readonly url: string;
  /** What an expression has at this moment. */
  query(expression: string): Promise<QueryResult[]>;
  /** What an expression has once `isThere` says that it is complete. */
  wait(
    expression: string,
    isThere?: (results: readonly QueryResult[]) => boolean,
  ): Promise<QueryResult[]>;
  /** What it knows of its targets: `health`, `lastError`, `discoveredLabels`. */
  targets(): Promise<Readonly<Record<string, unknown>>[]>;
}

/**
 * A Prometheus that scrapes every second.
 *
 * @param scrapes its `scrape_configs`; JSON is YAML
 */
export async function startPrometheus(scrapes: readonly object[]): Promise<Prometheus> {
  const folder = makeFolder();
  const global = { scrape_interval: "1s", scrape_timeout: "1s" };
  const file = join(folder, "prometheus.yml");
  writeFileSync(file, JSON.stringify({ global, scrape_configs: scrapes }));
  const port = await freePort();
  const args = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const server = new ServerProcess(requireServer("prometheus"), args, folder);
  const url = `http://127.0.0.1:${port}`;
  const get = async (path: string): Promise<Record<string, never>> => {
    const response = await fetch(url + path);
    const answer = (await response.json()) as { status: string; data: Record<string, never> };
    if (answer.status !== "success") throw new Error(JSON.stringify(answer));
    return answer.data;
  };
  const query = async (expression: string): Promise<QueryResult[]> =>
    (await get(`/api/v1/query?query=${encodeURIComponent(expression)}`))["result"] as never;
  await server.ready(async () => {
    const response = await fetch(`${url}/-/ready`).catch(() => undefined);
    return response?.ok === true;
  });
  return {
    url,
    query,
    async wait(expression, isThere = (results) => results.length > 0) {
      let results: QueryResult[] = [];
      const explain = () => `${expression} has ${JSON.stringify(results)}\n${server.output}`;
      await until(async () => {
        results = await query(expression);
        return isThere(results);
      }, explain);
      return results;
    },
    targets: async () => (await get("/api/v1/targets"))["activeTargets"] as never,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
