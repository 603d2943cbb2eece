import { expect } from "vitest";
import { parseServerStatusHtml } from "../../../src/apache/page/html-page.js";
import type { WorkerRow } from "../../../src/apache/page/worker-row.js";

/** Pages with a worker table of a few rows, and the values of a plain row. */

export const columns = [
  ...["Srv", "PID", "Acc", "M", "CPU", "SS", "Req", "Conn", "Child", "Slot", "Client", "VHost"],
  "Request",
];
export const values = [
  ...["0-38", "4242", "0/6/128", "W", "0.25", "7", "12", "1.5", "0.5", "2.25", "10.0.0.1"],
  ...["example.org:80", "GET / HTTP/1.1"],
];
export const head = (names: readonly string[] = columns) =>
  `<tr>${names.map((name) => `<th>${name}</th>`).join("")}</tr>`;
export const row = (cells: readonly string[] = values) =>
  `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
export const table = (...rows: string[]) => `<html><table>${rows.join("\n")}</table></html>`;
/** A row with one cell changed. */
export const with_ = (column: string, value: string) =>
  row(values.map((cell, index) => (columns[index] === column ? value : cell)));
export const only = (page: string): WorkerRow => {
  const { rows } = parseServerStatusHtml(page);
  expect(rows).toHaveLength(1);
  return rows[0]!;
};

export const plain: WorkerRow = {
  childNumber: 0,
  generation: 38,
  pid: 4242,
  connectionAccesses: 0,
  childAccesses: 6,
  slotAccesses: 128,
  mode: "W",
  cpu: 0.25,
  secondsSinceRequest: 7,
  requestTime: 12,
  totalTime: undefined,
  connectionKilobytes: 1.5,
  childMegabytes: 0.5,
  slotMegabytes: 2.25,
  client: "10.0.0.1",
  protocol: undefined,
  vhost: "example.org:80",
  request: "GET / HTTP/1.1",
};
