import type { Address } from "../../address.js";
import { targetAddress } from "../../client/connect.js";
import { GatewayError } from "../../errors.js";
import type { Probe } from "../../fleet/probe.js";
import { isExplainedByQueue } from "../../phpfpm/diagnosis.js";

/**
 * A probe of a pool. A given path replaces that of the address. The error of a pool of
 * this machine that does not answer says what its accept queue shows.
 */
export function probePool<Value>(
  path: string | undefined,
  read: (address: Address, limits: Parameters<Probe<Value>>[1]) => Promise<Value>,
): Probe<Value> {
  return async (target, limits) => {
    const address = targetAddress(target);
    try {
      return await read(path === undefined ? address : { ...address, path }, limits);
    } catch (error) {
      if (!(error instanceof GatewayError) || !isExplainedByQueue(error)) throw error;
      const { explainByQueue } = await import("../../phpfpm/explain-by-queue.js");
      const { localPool } = await import("./local-pool.js");
      throw await explainByQueue(error, address, async (text) => (await localPool(text))?.backlog);
    }
  };
}
