import { dirname, join } from "node:path";
import { ownAccount, predictDenial } from "../../discovery/php-fpm/permissions.js";
import type { PoolConfiguration } from "../../discovery/pool-configuration.js";
import { ErrorCode } from "../../errors.js";
import { removedSocketHint } from "../../transport/removed-socket.js";
import { type Evidence, isLate, isStopped } from "../evidence.js";
import { type Finding, FindingSeverity, placeIn, placeOf, type Rule } from "../finding.js";
import { many } from "../words.js";

const elsewhere: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.PageNotFound,
  ErrorCode.AccessDenied,
  ErrorCode.NotAStatusPage,
]);
const absent: ReadonlySet<ErrorCode> = new Set([ErrorCode.SocketMissing, ErrorCode.Refused]);

/** Whether the pool runs, and whether its status page can be read. */
export const pageRule: Rule = {
  codes: {
    not_running: "Nothing listens at the pool's address.",
    socket_removed: "The pool listens on a socket whose file was removed.",
    status_off: "The pool has no status page.",
    status_elsewhere: "The status page has another path than the one that was asked for.",
    no_status_listen: "The status page waits behind the requests of a busy pool.",
    not_fastcgi: "Something other than php-fpm answers at the address.",
    no_answer: "The status page does not answer, and nothing else says why.",
    no_permission: "This user may not connect to the pool's socket.",
    not_allowed: "listen.allowed_clients does not admit the client.",
  },
  find: (evidence) => {
    const { error } = evidence.page;
    const { configuration } = evidence;
    if (error !== undefined && absent.has(error.code)) return [notRunning(evidence)];
    if (configuration !== undefined && configuration.statusPath === undefined) {
      return [statusOff(evidence)];
    }
    if (error === undefined) return [];
    if (error.code === ErrorCode.PermissionDenied) return [noPermission(evidence)];
    if (elsewhere.has(error.code)) return [statusElsewhere(evidence, error.message)];
    if (error.code === ErrorCode.WrongProtocol) {
      return [
        {
          code: "not_fastcgi",
          severity: FindingSeverity.Critical,
          title: `not FastCGI: ${error.message}`,
          evidence: [error.message],
          change: "correct the address, or stop what listens there",
        },
      ];
    }
    if (
      error.code === ErrorCode.ClosedWithoutAnswer &&
      configuration?.allowedClients !== undefined
    ) {
      return [notAllowed(evidence)];
    }
    return isLate(error) ? lateFindings(evidence, error.message) : [];
  },
};

function notRunning(evidence: Evidence): Finding {
  const { master, page, queue } = evidence;
  const runs = master !== undefined;
  if (page.error?.code === ErrorCode.SocketMissing && queue !== undefined) {
    return socketRemoved(evidence);
  }
  return {
    code: "not_running",
    severity: FindingSeverity.Critical,
    title: runs
      ? "down: php-fpm runs, but nothing listens at the pool's address"
      : "down: nothing listens at the pool's address",
    evidence: [page.error?.message ?? ""],
    change: howToStart(evidence),
    ...placeOf(evidence, "listen"),
  };
}

function howToStart({ master, configuration, page }: Evidence): string {
  if (master !== undefined) return "reload php-fpm: it runs with an older configuration";
  // No configuration says that a pool should be there: the address may be wrong.
  if (configuration === undefined && page.error?.hint !== undefined) return page.error.hint;
  const log = configuration?.errorLog === undefined ? "" : ` ${configuration.errorLog}`;
  return `start php-fpm, and see its log${log} for why it ended`;
}

function socketRemoved(evidence: Evidence): Finding {
  return {
    code: "socket_removed",
    severity: FindingSeverity.Critical,
    title: "down: the pool's socket file was removed, and php-fpm still listens on it",
    evidence: [evidence.page.error?.message ?? "", "a socket that listens has this path"],
    change: removedSocketHint,
    ...placeOf(evidence, "listen"),
  };
}

function statusOff(evidence: Evidence): Finding {
  const { configuration } = evidence;
  return {
    code: "status_off",
    severity: FindingSeverity.Notice,
    title: "no status page: pm.status_path is not set",
    evidence: ["without it, nothing can watch the pool"],
    change: `add the line "pm.status_path = /status" below [${configuration?.name}], then reload php-fpm`,
    ...placeIn(configuration?.source),
  };
}

function statusElsewhere(evidence: Evidence, message: string): Finding {
  const { configuration, page } = evidence;
  const path = configuration?.statusPath;
  return {
    code: "status_elsewhere",
    severity: FindingSeverity.Notice,
    title: path === undefined ? "no status page at this path" : `the status page is at ${path}`,
    evidence: [`${page.address}: ${message}`],
    change:
      path === undefined
        ? "give the path of pm.status_path in the address"
        : `ask for ${path}, or change pm.status_path and reload php-fpm`,
    ...placeOf(evidence, "pm.status_path"),
  };
}

function noPermission(evidence: Evidence): Finding {
  const { configuration, page } = evidence;
  const account = ownAccount();
  const denial = configuration && account && predictDenial(configuration, account);
  return {
    code: "no_permission",
    severity: FindingSeverity.Warning,
    title: denial?.problem ?? "this user may not connect to the pool's socket",
    evidence: [page.error?.message ?? ""],
    change: denial?.hint ?? page.error?.hint ?? "",
    ...placeOf(evidence, "listen.mode"),
  };
}

function notAllowed(evidence: Evidence): Finding {
  return {
    code: "not_allowed",
    severity: FindingSeverity.Warning,
    title: `closed without an answer: listen.allowed_clients is ${evidence.configuration?.allowedClients}`,
    evidence: [evidence.page.error?.message ?? ""],
    change: "add the client's address to listen.allowed_clients, then reload php-fpm",
    ...placeOf(evidence, "listen.allowed_clients"),
  };
}

function lateFindings(evidence: Evidence, message: string): Finding[] {
  const { workers, queue, page } = evidence;
  const isSeen = workers?.every(({ isBusy }) => isBusy !== undefined) === true;
  const busy = workers?.filter(({ isBusy, isLaterBusy }) => isBusy || isLaterBusy) ?? [];
  // That a stopped worker does not answer is a finding of its own.
  const isStalled = workers?.every((worker) => isStopped(worker) || busy.includes(worker));
  if (isStalled && workers?.some(isStopped)) return [];
  const isFull = isSeen && busy.length > 0 && busy.length === workers.length;
  const waits = isFull || !isSeen ? waitingPage(evidence, message, isFull) : [];
  if (isFull && waits.length > 0) return waits;
  const waiting =
    queue === undefined ? "" : `; ${many(queue.waiting, "client waits", "clients wait")}`;
  return [
    {
      code: "no_answer",
      severity: FindingSeverity.Critical,
      title: page.isAsked ? `no answer: ${message}${waiting}` : `no free worker: ${message}`,
      evidence: [
        isSeen
          ? many(busy.length, "worker has a connection", "workers have a connection")
          : "what its workers do cannot be seen from here",
      ],
      change: isSeen
        ? "see what the workers and the master wait for: strace -p PID"
        : "run this command as root on the machine of the pool, which shows what its workers do",
    },
    ...waits,
  ];
}

/** That the page has no socket of its own, so that it waits while all workers are busy. */
function waitingPage(evidence: Evidence, message: string, isFull: boolean): Finding[] {
  const { configuration } = evidence;
  if (configuration === undefined || configuration.statusListen !== undefined) return [];
  return [
    {
      code: "no_status_listen",
      severity: FindingSeverity.Notice,
      title: isFull
        ? "the status page waits for a free worker"
        : "the status page cannot answer while all workers are busy: pm.status_listen is not set",
      evidence: [message],
      change: `add ${statusListenFor(configuration)} below [${configuration.name}]: it answers while all workers are busy`,
      ...placeOf(evidence, "pm.status_path"),
    },
  ];
}

/**
 * An address for `pm.status_listen` that no other pool has: php-fpm refuses to start with one address
 * twice.
 */
function statusListenFor({ listen, name }: PoolConfiguration): string {
  return listen.startsWith("unix:")
    ? `"pm.status_listen = ${join(dirname(listen.slice(5)), `${name}-status.sock`)}"`
    : `"pm.status_listen = 127.0.0.1:9001", or another address that is free,`;
}
