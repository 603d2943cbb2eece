import { expressionsOf } from "./expressions.mjs";

/** Reasons that a busy pool gives, and the exporter itself. Others mean that it is down. */
const NOT_DOWN = "backlog_full|busy|connect_timeout|deadline|timeout";

/** The groups of alert rules in one style. */
export function rules(style) {
  const { target, active, idle, queue, queueLimit, abandoned, ...counters } = expressionsOf(style);
  const { requests, slow, maxChildrenReached, restarts } = counters;
  const pool = `pool {{ $labels.pool }} at {{ $labels.${target} }}`;
  const phpFpm = [
    alert("PhpFpmPoolDown", `phpfpm_scrape_error{reason!~"${NOT_DOWN}"} == 1`, "2m", "critical", {
      summary: `The ${pool} cannot be read: {{ $labels.reason }}`,
      description: "Run fcgi-probe status with the address: it says what to check.",
    }),
    alert("PhpFpmPoolSaturated", 'phpfpm_diagnosis{kind="saturated"} == 1', "2m", "critical", {
      summary: `No worker of the ${pool} is free, and clients wait`,
      description: `On its machine: fcgi-probe doctor {{ $labels.${target} }}`,
    }),
    alert("PhpFpmListenQueueFilling", `${queue} / (${queueLimit} > 0) > 0.8`, "1m", "critical", {
      summary: `The listen queue of ${pool} is {{ $value | humanizePercentage }} full`,
      description: "A full queue refuses clients. Raise pm.max_children, or make requests faster.",
    }),
    alert(
      "PhpFpmBacklogFull",
      'phpfpm_scrape_error{reason="backlog_full"} == 1',
      "0m",
      "critical",
      {
        summary: `The listen queue of ${pool} is full: connections are refused (EAGAIN)`,
        description: "Raise pm.max_children, or listen.backlog and net.core.somaxconn.",
      },
    ),
    // Without pm.status_listen one of the active processes serves the status. Where all others are
    // busy, no page comes, and the diagnosis says so.
    alert(
      "PhpFpmNearMaxChildren",
      `(${active} - 1 + phpfpm_status_listen) / (phpfpm_max_children > 0) > 0.9 or max without (kind) (phpfpm_diagnosis{kind="at_limit"}) == 1`,
      "10m",
      "warning",
      {
        summary: `The ${pool} uses {{ $value | humanizePercentage }} of pm.max_children`,
        description: "Raise pm.max_children if memory allows, or make requests faster.",
      },
    ),
    alert("PhpFpmMaxChildrenReached", `increase(${maxChildrenReached}[10m]) > 0`, "0m", "warning", {
      summary: `The ${pool} has reached pm.max_children`,
      description: "Requests waited for a process that the pool was not allowed to start.",
    }),
    alert(
      "PhpFpmSlowRequests",
      `rate(${slow}[10m]) / (rate(${requests}[10m]) > 0) > 0.1`,
      "0m",
      "warning",
      {
        summary: `{{ $value | humanizePercentage }} of the requests of ${pool} are slow`,
        description: "See the slow log of the pool, and fcgi-probe top.",
      },
    ),
    alert("PhpFpmSilentClients", `${queue} > 0 and ${idle} > 0`, "2m", "warning", {
      summary: `Clients of ${pool} wait although workers are idle`,
      description:
        "Connections that send nothing hold the workers: a TCP health check, or a client that keeps connections.",
    }),
    // Where the pool is silent, the connections of earlier scrapes are among those given up.
    alert("PhpFpmAbandonedQueue", `${abandoned} > 0 and phpfpm_up == 1`, "2m", "warning", {
      summary: `{{ $value }} waiting clients of ${pool} have given up`,
      description:
        "The pool will work for nobody. Let the web server wait longer, or the pool be faster.",
    }),
    alert(
      "PhpFpmStatusListenMissing",
      'phpfpm_scrape_error{reason="timeout"} == 1 and ignoring (reason, kind) phpfpm_diagnosis{kind="saturated"} == 1',
      "1m",
      "warning",
      {
        summary: `The ${pool} is saturated, and its status waits in the same queue`,
        description: "Set pm.status_listen: the pool then answers about itself while it is busy.",
      },
    ),
    alert("PhpFpmRestarted", `${restarts} > 0`, "0m", "info", {
      summary: `The ${pool} was restarted or reloaded`,
      description: "Its counters began again, and its OPcache is empty.",
    }),
  ];
  const others = [
    alert("ApacheDown", 'apache_scrape_error{reason!="deadline"} == 1', "2m", "critical", {
      summary: "The status of an httpd cannot be read: {{ $labels.reason }}",
      description: "Run fcgi-probe apache status with the URL: it says what to check.",
    }),
    alert(
      "FcgiProbeDeadlineReached",
      '{__name__=~"phpfpm_scrape_error|apache_scrape_error",reason="deadline"} == 1',
      "1m",
      "warning",
      {
        summary: "The exporter {{ $labels.instance }} has no time for all of its targets",
        description: "Raise scrape_timeout, lower --scrape.timeout, or share the targets.",
      },
    ),
    alert(
      "FcgiProbeConfigurationNotRead",
      "fcgi_probe_config_last_reload_successful == 0",
      "1m",
      "warning",
      {
        summary: "The exporter {{ $labels.instance }} uses an earlier configuration",
        description: "Its log says what is wrong; so does exporter --check-config.",
      },
    ),
    alert("FcgiProbeSourceNotRead", "fcgi_probe_source_up == 0", "5m", "warning", {
      summary: "The exporter {{ $labels.instance }} cannot read {{ $labels.source }}",
      description: "The last targets of this source stay. The log says why.",
    }),
  ];
  return {
    groups: [
      { name: "php-fpm", rules: phpFpm },
      { name: "fcgi-probe", rules: others },
    ],
  };
}

function alert(name, expr, time, severity, annotations) {
  const lasting = time === "0m" ? {} : { for: time };
  return { alert: name, expr, ...lasting, labels: { severity }, annotations };
}
