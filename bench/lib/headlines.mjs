// The comparisons that README and its chart show, from the tables of RESULTS.md.

/**
 * What each comparison shows. `name` is the row's name in RESULTS.md, `ours` our contender, `labels`
 * what contenders are called where their name is not enough, and `value` what is shown of a median:
 * more is better.
 */
const HEADLINES = [
  {
    suite: "scrape",
    name: "status pages, 64 in flight",
    title: "Status pages read in a second, 64 at once",
    unit: "pages",
    value: (pages) => pages,
    ours: "fcgi-probe",
    labels: {
      "C and epoll (the limit)": "C and epoll alone",
      "node:net, nothing decoded": "Node's sockets alone",
      "fastcgi-client 0.2.0, split and regex": "fastcgi-client 0.2.0 (npm)",
      "cgi-fcgi, a process each": "cgi-fcgi in a loop",
    },
  },
  {
    suite: "scrape",
    name: "20,000 status pages, 256 in flight: CPU of the whole process",
    title: "Status pages read for a second of CPU, the start of the program included",
    unit: "pages",
    value: (microseconds) => 1e6 / microseconds,
    ours: "fcgi-probe scrape FILE --format ndjson",
    labels: {
      "fcgi-probe scrape FILE --format ndjson": "fcgi-probe scrape",
      "node:net, nothing decoded": "Node's sockets alone",
      "Go, a goroutine each": "a loop in Go",
      "Python and epoll": "a loop in Python",
      "C and epoll (the limit)": "C and epoll alone",
    },
  },
  {
    suite: "serve",
    name: "one connection a request, 16 at once",
    title: "Requests served in a second, a connection for each, 16 at once",
    unit: "requests",
    value: (requests) => requests,
    ours: "fcgi-probe, FastCGI",
    labels: {
      "fcgi-probe, FastCGI": "fcgi-probe serve",
      "node-fastcgi 2.0.0": "node-fastcgi 2.0.0 (npm)",
      "uWSGI and Python, uwsgi": "uWSGI and Python",
      "node:net, a constant answer": "Node's sockets alone",
    },
  },
];

/** The name of the rows with the sizes of bundles, in bytes. */
const BUNDLES = "in a Worker's bundle, gzipped";

/** Contenders that stand beside another of ours, or that do something else. */
const LEFT_OUT = new Set([
  "fcgi-probe, status() in a loop",
  "fcgi-probe, fleet()",
  "fcgi-probe, SCGI",
  "fcgi-probe, uwsgi",
]);

/**
 * The comparisons whose rows are there, the best contender of each first.
 *
 * @param page the text of RESULTS.md
 */
export function headlines(page) {
  return HEADLINES.flatMap(({ suite, name, value, labels, ours, ...rest }) => {
    const bars = rowsOf(page, suite, name)
      .filter(({ contender }) => !LEFT_OUT.has(contender))
      .map(({ contender, median }) => ({
        label: labels[contender] ?? contender,
        value: value(median),
        isOurs: contender === ours,
      }));
    if (!bars.some(({ isOurs }) => isOurs)) return [];
    bars.sort((a, b) => b.value - a.value);
    return [{ ...rest, bars }];
  });
}

/** The rows of one name in a suite's table. Only the first of them has the name. */
function rowsOf(page, suite, name) {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${suite}\n`)) ?? "";
  const rows = [];
  let current = "";
  for (const line of section.split("\n")) {
    const [, first, contender, median] = line.split("|").map((cell) => cell.trim());
    if (median === undefined) continue;
    current = first || current;
    if (current !== name) continue;
    rows.push({ contender, median: Number(median.replaceAll(",", "")) });
  }
  return rows;
}

/** The comparisons as a list in Markdown, ours first; and the sizes of bundles. */
export function headlineList(page) {
  const lines = headlines(page).map(({ title, bars }) => {
    const ours = bars.find(({ isOurs }) => isOurs);
    const others = bars.filter(({ isOurs }) => !isOurs);
    const rest = others.map(({ label, value }) => `${label} ${shown(value)}`).join(", ");
    return `- ${title}: **${ours.label} ${shown(ours.value)}**, ${rest}.`;
  });
  const bundles = rowsOf(page, "size", BUNDLES).map(
    ({ contender, median }) => `${contender} ${shown(median / 1_000)} kB`,
  );
  if (bundles.length > 0) lines.push(`- Bundles for a Worker, minified and gzipped: ${bundles.join("; ")}.`);
  return lines.join("\n");
}

/** Three significant figures at most, with thousands separators. */
export function shown(value) {
  const rounded = Number(value.toPrecision(3));
  return rounded.toLocaleString("en-US", { maximumFractionDigits: 3 });
}
