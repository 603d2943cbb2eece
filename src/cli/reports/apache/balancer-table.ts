import type { ProxyBalancer, ProxyWorker } from "../../../apache/page/server-status.js";
import type { Style } from "../../terminal/style.js";
import { type Column, layOut, rowLine, titleLine } from "../../terminal/table.js";
import { formatBytes } from "../../terminal/units.js";
import { visible } from "../../terminal/visible.js";

interface Row {
  readonly balancer: string;
  readonly worker: ProxyWorker;
}

const right = { align: "right" } as const;
const size = (bytes: number | undefined) => (bytes === undefined ? "-" : formatBytes(bytes));

const columns: readonly Column<Row>[] = [
  { title: "BALANCER", value: ({ balancer }) => balancer, shrinkTo: 8 },
  { title: "WORKER", value: ({ worker }) => visible(worker.name ?? "-"), shrinkTo: 12 },
  { title: "STATUS", value: ({ worker }) => visible(worker.status ?? "-"), shrinkTo: 8 },
  { title: "BUSY", value: ({ worker }) => `${worker.busy ?? "-"}`, ...right },
  { title: "ELECTED", value: ({ worker }) => `${worker.elected ?? "-"}`, ...right },
  { title: "SENT", value: ({ worker }) => size(worker.sent), ...right, dropOrder: 1 },
  { title: "RECEIVED", value: ({ worker }) => size(worker.received), ...right, dropOrder: 2 },
];

/** What httpd would send no request to. */
const unusable = /\b(?:Dis|Stop|Err|HcFl)\b/;

/** The workers of load balancers, a line each; nothing where there are none. */
export function balancerLines(
  balancers: readonly ProxyBalancer[],
  style: Style,
  width?: number,
): string[] {
  const rows = balancers.flatMap(({ name, workers }) =>
    workers.map((worker) => ({ balancer: visible(name ?? "-"), worker })),
  );
  if (rows.length === 0) return [];
  const layout = layOut(columns, rows, width);
  const lines = rows.map((row) => {
    const line = rowLine(layout, row);
    return unusable.test(row.worker.status ?? "") ? style.bad(line) : line;
  });
  return ["", style.heading(titleLine(layout)), ...lines];
}
