/** What dashboards and alerts ask for, by style: the names of metrics differ, the meaning does not. */
const expressions = {
  "drop-in": {
    target: "scrape_uri",
    active: "phpfpm_active_processes",
    idle: "phpfpm_idle_processes",
    queue: "phpfpm_accept_queue",
    queueLimit: "phpfpm_accept_queue_limit",
    abandoned: "phpfpm_accept_queue_abandoned",
    requests: "phpfpm_accepted_connections",
    slow: "phpfpm_slow_requests",
    maxChildrenReached: "phpfpm_max_children_reached",
    restarts: "resets(phpfpm_start_since[15m])",
    apacheRequests: "apache_accesses_total",
    apacheBytes: "1024 * rate(apache_sent_kilobytes_total[$__rate_interval])",
    apacheCpu: "rate(apache_cpu_time_ms_total[$__rate_interval]) / 1000",
  },
  modern: {
    target: "target",
    active: 'sum without (state) (phpfpm_processes{state="active"})',
    idle: 'sum without (state) (phpfpm_processes{state="idle"})',
    queue: "phpfpm_listen_queue_connections",
    queueLimit: "phpfpm_listen_queue_limit_connections",
    abandoned: "phpfpm_listen_queue_abandoned_connections",
    requests: "phpfpm_accepted_connections_total",
    slow: "phpfpm_slow_requests_total",
    maxChildrenReached: "phpfpm_max_children_reached_total",
    restarts: "changes(phpfpm_start_time_seconds[15m])",
    apacheRequests: "apache_requests_total",
    apacheBytes: "rate(apache_sent_bytes_total[$__rate_interval])",
    apacheCpu: "rate(apache_cpu_seconds_total[$__rate_interval])",
  },
};

export const expressionsOf = (style) => expressions[style];
