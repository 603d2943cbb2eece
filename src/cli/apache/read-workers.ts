import type { WorkerPage } from "../../apache/html-page.js";
import type { ProcessTable } from "../../apache/process-table.js";
import type { ApacheServer } from "../../apache/processes.js";
import { joinWorkers, type Worker } from "../../apache/workers.js";
import type { Httpd } from "./local-httpd.js";

export interface WorkerReading {
  readonly page: WorkerPage;
  /** `undefined` where it runs elsewhere, or none of its processes can be seen. */
  readonly server: ApacheServer | undefined;
  readonly workers: readonly Worker[];
}

/** Reads the page, then the processes, in one go, and joins them.
 * @throws GatewayError */
export async function readWorkers(httpd: Httpd, table: ProcessTable): Promise<WorkerReading> {
  const page = await httpd.source.workers();
  const server = httpd.server(page.rows);
  return { page, server, workers: joinWorkers({ ...page, server, table }) };
}
