import { expressionsOf } from "./expressions.mjs";

const RATE = "$__rate_interval";
const COLUMNS = 24;
const source = { type: "prometheus", uid: "$" + "{datasource}" };

/** A dashboard of Grafana 10 and later in one style. */
export function dashboard(style) {
  const names = expressionsOf(style);
  const selected = `job=~"$job",instance=~"$instance"`;
  const pools = `${selected},pool=~"$pool"`;
  const legend = `{{pool}} {{${names.target}}}`;
  const per = (metric) => `rate(${metric}[${RATE}])`;
  /** A query, and its legend. Each metric gets the selection of the variables. */
  const of = (expr, text = legend, labels = pools) => ({ expr: select(expr, labels), text });
  const server = (expr, text) => of(expr, text, selected);
  const panels = [
    row("PHP-FPM"),
    stat("Pools up", of("sum(phpfpm_up)", "up")),
    stat("Pools down", of("count(phpfpm_up == 0) or vector(0)", "down")),
    list("Why pools cannot be read", of("phpfpm_scrape_error == 1")),
    list("What is wrong", of("phpfpm_diagnosis == 1")),
    graph("Requests", "reqps", of(per(names.requests))),
    graph("Active processes, and pm.max_children", "short", [
      of(names.active, `active ${legend}`),
      of("phpfpm_max_children", `limit ${legend}`),
    ]),
    graph("Idle processes", "short", of(names.idle)),
    graph("Listen queue, and its limit", "short", [
      of(names.queue, `waiting ${legend}`),
      of(names.abandoned, `given up ${legend}`),
      of(names.queueLimit, `limit ${legend}`),
    ]),
    graph("Slow requests", "reqps", of(per(names.slow))),
    graph("pm.max_children reached", "short", of(`increase(${names.maxChildrenReached}[${RATE}])`)),
    graph("Time to read the status", "s", of("phpfpm_scrape_duration_seconds")),
    graph("OPcache memory", "bytes", of("phpfpm_opcache_memory_used_bytes")),
    row("Apache httpd"),
    graph("Requests", "reqps", server(per(names.apacheRequests), "{{instance}}")),
    graph("Workers", "short", server("apache_workers", "{{state}} {{instance}}")),
    graph("Sent", "Bps", server(names.apacheBytes, "{{instance}}")),
    graph("CPU", "short", server(names.apacheCpu, "{{instance}}")),
  ];
  return {
    title: `fcgi-probe (${style} metrics)`,
    uid: `fcgi-probe-${style}`,
    tags: ["php-fpm", "apache", "fcgi-probe"],
    schemaVersion: 39,
    editable: true,
    refresh: "30s",
    time: { from: "now-1h", to: "now" },
    templating: {
      list: [
        { name: "datasource", type: "datasource", query: "prometheus" },
        variable("job", "fcgi_probe_build_info", "job"),
        variable("instance", 'fcgi_probe_build_info{job=~"$job"}', "instance"),
        variable("pool", `phpfpm_up{${selected}}`, "pool"),
      ],
    },
    panels: placed(panels),
  };
}

/** Adds labels to every metric of an expression. */
function select(expr, labels) {
  return expr.replaceAll(/\b(?:phpfpm|apache)_\w+(?:\{([^}]*)\})?/g, (metric, own) => {
    const name = metric.replace(/\{.*/, "");
    return `${name}{${own === undefined ? "" : `${own},`}${labels}}`;
  });
}

function variable(name, metric, label) {
  return {
    name,
    type: "query",
    datasource: source,
    query: { query: `label_values(${metric}, ${label})`, refId: name },
    includeAll: true,
    multi: true,
    refresh: 2,
    current: { text: "All", value: "$__all" },
  };
}

const row = (title) => ({ type: "row", title, width: COLUMNS, height: 1 });

function panel(type, title, queries, rest) {
  const targets = [queries].flat().map(({ expr, text }, index) => ({
    refId: String.fromCharCode(65 + index),
    datasource: source,
    expr,
    legendFormat: text,
    ...rest.target,
  }));
  const { width, height, options, unit = "short" } = rest;
  const fieldConfig = { defaults: { unit }, overrides: [] };
  return { type, title, datasource: source, targets, fieldConfig, options, width, height };
}

const graph = (title, unit, queries) =>
  panel("timeseries", title, queries, {
    unit,
    width: 12,
    height: 8,
    options: { tooltip: { mode: "multi" } },
  });

const stat = (title, query) =>
  panel("stat", title, query, { width: 4, height: 6, target: { instant: true }, options: {} });

const list = (title, query) =>
  panel("table", title, query, {
    width: 8,
    height: 6,
    target: { instant: true, format: "table" },
    options: {},
  });

/** Gives panels their places: from left to right, as many as fit into a row. */
function placed(panels) {
  let x = 0;
  let y = 0;
  let tallest = 0;
  return panels.map(({ width, height, ...rest }, index) => {
    if (x + width > COLUMNS) {
      x = 0;
      y += tallest;
      tallest = 0;
    }
    const gridPos = { x, y, w: width, h: height };
    x += width;
    tallest = Math.max(tallest, height);
    return { id: index + 1, ...rest, gridPos };
  });
}
