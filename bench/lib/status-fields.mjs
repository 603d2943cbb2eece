/** Functions that read every number and every string of our parser's results. */
export const ourFields = {
  sum(status) {
    let sum =
      status.startSince +
      status.acceptedConn +
      status.listenQueue +
      status.maxListenQueue +
      status.listenQueueLen +
      status.idleProcesses +
      status.activeProcesses +
      status.totalProcesses +
      status.maxActiveProcesses +
      status.maxChildrenReached +
      status.slowRequests;
    for (const process of status.processes ?? []) {
      sum +=
        process.pid +
        process.startSince +
        process.requests +
        process.requestDuration +
        process.contentLength +
        process.lastRequestCpu +
        process.lastRequestMemory;
    }
    return sum;
  },
  strings(status) {
    const strings = [status.pool, status.processManager];
    for (const { state, requestMethod, requestUri, user, script } of status.processes ?? []) {
      strings.push(state, requestMethod, requestUri, user, script);
    }
    return strings;
  },
};

/** The same for the plain objects that the others return. */
export function theirFields(uri) {
  return {
    sum(status) {
      const pool = status.pool instanceof Object ? status.pool : status;
      let sum =
        pool["start since"] +
        pool["accepted conn"] +
        pool["listen queue"] +
        pool["max listen queue"] +
        pool["listen queue len"] +
        pool["idle processes"] +
        pool["active processes"] +
        pool["total processes"] +
        pool["max active processes"] +
        pool["max children reached"] +
        pool["slow requests"];
      for (const process of status.processes ?? []) {
        sum +=
          process.pid +
          process["start since"] +
          process.requests +
          process["request duration"] +
          process["content length"] +
          process["last request cpu"] +
          process["last request memory"];
      }
      return sum;
    },
    strings(status) {
      const pool = status.pool instanceof Object ? status.pool : status;
      const strings = [pool.pool, pool["process manager"]];
      for (const process of status.processes ?? []) {
        const { state, user, script } = process;
        strings.push(state, process["request method"], process[uri], user, script);
      }
      return strings;
    },
  };
}
