/** Generated status pages, in the exact form of captured ones. */

const POOL_COLUMN = 22;
const START = 1_795_199_296;
const AGE = 86_400;
const URIS = [
  "/index.php",
  "/index.php?id=4711&page=2",
  "/api/v1/orders.php?limit=50",
  "/login.php",
];
const SCRIPTS = ["/srv/app/public/index.php", "/srv/app/public/api/v1/orders.php", "-"];

/** A pool under load whose processes differ; the same in every run. */
export function makePool(count) {
  const random = generator();
  const processes = Array.from({ length: count }, (_, at) => {
    const running = random(4) === 0;
    const since = random(AGE);
    return {
      pid: 2000 + at,
      state: running ? "Running" : "Idle",
      "start time": START + AGE - since,
      "start since": since,
      requests: random(5000),
      "request duration": 100 + random(900_000),
      "request method": random(5) === 0 ? "POST" : "GET",
      "request URI": URIS[random(URIS.length)],
      "content length": random(5) === 0 ? random(10_000) : 0,
      user: "-",
      script: SCRIPTS[random(SCRIPTS.length)],
      "last request cpu": running ? 0 : random(20_000) / 100,
      "last request memory": running ? 0 : 2_097_152 * (1 + random(4)),
    };
  });
  const active = processes.filter(({ state }) => state === "Running").length;
  const pool = {
    pool: "www",
    "process manager": "static",
    "start time": START,
    "start since": AGE,
    "accepted conn": 1_234_567,
    "listen queue": 3,
    "max listen queue": 129,
    "listen queue len": 511,
    "idle processes": count - active,
    "active processes": active,
    "total processes": count,
    "max active processes": count,
    "max children reached": 7,
    "slow requests": 12,
  };
  return { pool, processes };
}

function generator() {
  let seed = 1;
  return (below) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
}

/** The text page; without `processes`, the plain one. */
export function textPage({ pool, processes }) {
  const lines = (fields) =>
    Object.entries(fields).map(([key, value]) => {
      const text = key === "start time" ? logDate(value) : textOf(key, value);
      return `${`${key}:`.padEnd(POOL_COLUMN)}${text}\n`;
    });
  const blocks = (processes ?? []).map(
    (process) => `\n${"*".repeat(24)}\n${lines(process).join("")}`,
  );
  return lines(pool).concat(blocks).join("");
}

/** The JSON page of the same pool. */
export function jsonPage({ pool, processes }) {
  const object = (fields) =>
    Object.entries(fields)
      .map(([key, value]) => {
        const text = typeof value === "number" ? textOf(key, value) : jsonString(value);
        return `"${key.toLowerCase()}":${text}`;
      })
      .join(",");
  if (processes === undefined) return `{${object(pool)}}`;
  const list = processes.map((process) => `{${object(process)}}`).join(",");
  return `{${object(pool)}, "processes":[${list}]}`;
}

function jsonString(text) {
  return `"${text.replaceAll("/", "\\/")}"`;
}

function textOf(key, value) {
  return key === "last request cpu" ? value.toFixed(2) : String(value);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function logDate(seconds) {
  const [date, time] = new Date(seconds * 1000).toISOString().split(/[T.]/);
  const [year, month, day] = date.split("-");
  return `${day}/${MONTHS[month - 1]}/${year}:${time} +0000`;
}

/** Parses a page as most scripts do: split into lines, and a pattern for each line. */
export function splitAndRegex(text) {
  const [first, ...rest] = text.split(/\n\*{24}\n/);
  return { pool: fieldsOf(first), processes: rest.map(fieldsOf) };
}

function fieldsOf(block) {
  const fields = {};
  for (const line of block.split("\n")) {
    const match = /^([^:]+):\s*(.*)$/.exec(line);
    if (match === null) continue;
    const [, key, value] = match;
    fields[key] = /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  }
  return fields;
}
