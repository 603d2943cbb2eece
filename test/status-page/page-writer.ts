/** Writes status pages as fpm_status.c does: the texts of a request are written as they are. */

export interface WrittenProcess {
  pid: number;
  state: string;
  /** Seconds since 1970. */
  startTime: number;
  requests: number;
  duration: string;
  method: string;
  path: string;
  query: string;
  contentLength: string;
  user: string;
  script: string;
  cpu: string;
  memory: number;
}

export interface WrittenPage {
  /** Seconds since 1970. PHP-FPM reads the clock once for a page. */
  now: number;
  startTime: number;
  total: number;
  /** `undefined`: a plain page. */
  processes?: WrittenProcess[];
  /** 8.4 and later. */
  memoryPeak?: number;
  /** What PHP escapes in the URI of a JSON page: all of it, the query, or nothing. */
  jsonEscapes?: "uri" | "query" | "nothing";
}

export const formats = ["text", "json", "xml"] as const;
export type Format = (typeof formats)[number];

export const idle: WrittenProcess = {
  pid: 101,
  state: "Idle",
  startTime: 1_795_199_296,
  requests: 7,
  duration: "2500303",
  method: "GET",
  path: "/index.php",
  query: "",
  contentLength: "0",
  user: "-",
  script: "/srv/www/index.php",
  cpu: "1.25",
  memory: 2_097_152,
};

/** A page of these processes, 99 seconds after the start. */
export function pageOf(processes: Partial<WrittenProcess>[], page: Partial<WrittenPage> = {}) {
  const whole = processes.map((process, index) => ({ ...idle, pid: idle.pid + index, ...process }));
  return {
    now: idle.startTime + 99,
    startTime: idle.startTime,
    total: processes.length,
    processes: whole,
    ...page,
  };
}

/** @returns the page's bytes; of the strings, each letter is a byte */
export function writePage(format: Format, page: WrittenPage): Uint8Array {
  const text = { text: writeText, json: writeJson, xml: writeXml }[format](page);
  return bytesOf(text);
}

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function poolFields(page: WrittenPage, startTime: string): [key: string, value: string][] {
  const fields: [string, string][] = [
    ["pool", "www"],
    ["process manager", "static"],
    ["start time", startTime],
    ["start since", `${page.now - page.startTime}`],
    ["accepted conn", "40"],
    ["listen queue", "1"],
    ["max listen queue", "2"],
    ["listen queue len", "511"],
    ["idle processes", "3"],
    ["active processes", "1"],
    ["total processes", `${page.total}`],
    ["max active processes", "4"],
    ["max children reached", "5"],
    ["slow requests", "6"],
  ];
  if (page.memoryPeak !== undefined) fields.push(["memory peak", `${page.memoryPeak}`]);
  return fields;
}

function processFields(page: WrittenPage, process: WrittenProcess, startTime: string, uri: string) {
  const fields: [string, string][] = [
    ["pid", `${process.pid}`],
    ["state", process.state],
    ["start time", startTime],
    ["start since", `${page.now - process.startTime}`],
    ["requests", `${process.requests}`],
    ["request duration", process.duration],
    ["request method", process.method],
    ["request uri", uri],
    ["content length", process.contentLength],
    ["user", process.user],
    ["script", process.script],
    ["last request cpu", process.cpu],
    ["last request memory", `${process.memory}`],
  ];
  return fields;
}

function uriOf({ path, query }: WrittenProcess, escapeQuery = (text: string) => text): string {
  return query === "" ? path : `${path}?${escapeQuery(query)}`;
}

function writeText(page: WrittenPage): string {
  const lines = (fields: [string, string][]) =>
    fields.map(([key, value]) => `${`${key}:`.padEnd(22)}${value}\n`).join("");
  const blocks = (page.processes ?? []).map((process) => {
    const fields = processFields(page, process, logDate(process.startTime), uriOf(process));
    return `\n${"*".repeat(24)}\n${lines(fields).replace("request uri:", "request URI:")}`;
  });
  return lines(poolFields(page, logDate(page.startTime))) + blocks.join("");
}

/** `20/Nov/2026:18:28:16 +0000` */
export function logDate(seconds: number): string {
  const [, day, month, year, time] = new Date(seconds * 1000).toUTCString().split(" ");
  return `${day}/${month}/${year}:${time} +0000`;
}

const jsonTexts = new Set([
  "pool",
  "process manager",
  "state",
  "request method",
  "request uri",
  "user",
  "script",
]);

function writeJson(page: WrittenPage): string {
  const members = (fields: [string, string][]) =>
    fields
      .map(([key, value]) => (jsonTexts.has(key) ? `"${key}":"${value}"` : `"${key}":${value}`))
      .join(",");
  const pool = members(poolFields(page, `${page.startTime}`));
  if (page.processes === undefined) return `{${pool}}`;
  const blocks = page.processes.map((process) => {
    const uri =
      page.jsonEscapes === "nothing"
        ? uriOf(process)
        : page.jsonEscapes === "query"
          ? uriOf(process, escapeJson)
          : process.path === "-"
            ? "-"
            : escapeJson(uriOf(process));
    return `{${members(processFields(page, process, `${process.startTime}`, uri))}}`;
  });
  return `{${pool}, "processes":[${blocks.join(",")}]}`;
}

/** json_encode's escapes; each letter is a byte below 0x80. */
function escapeJson(text: string): string {
  return JSON.stringify(text).slice(1, -1).replaceAll("/", "\\/");
}

function writeXml(page: WrittenPage): string {
  const tag = ([key, value]: [string, string]) => {
    const name = key.replaceAll(" ", "-");
    return `<${name}>${value}</${name}>`;
  };
  const pool = poolFields(page, `${page.startTime}`).map((field) => `${tag(field)}\n`);
  const blocks = (page.processes ?? []).map((process) => {
    const uri = uriOf(process, escapeXml);
    const fields = processFields(page, process, `${process.startTime}`, uri);
    return `<process>${fields.map(tag).join("")}</process>\n`;
  });
  const list = page.processes === undefined ? "" : `<processes>\n${blocks.join("")}</processes>\n`;
  return `<?xml version="1.0" ?>\n<status>\n${pool.join("")}${list}</status>`;
}

function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
