import { requireModule } from "./load-error.js";
import { Master } from "./master.js";
import { type PoolOptions, settle } from "./options.js";
import type { Pool } from "./pool.js";
import { PoolLog } from "./pool-log.js";

/**
 * Serves an application by worker processes, see {@link PoolOptions}. Settles when the workers that
 * it starts with are ready, or, in an ondemand pool that starts none, when it listens.
 *
 * @throws GatewayError `bad_input` when options contradict each other, or the application cannot
 * be loaded; `bad_address` or `permission_denied` when it cannot listen
 */
export async function startPool(options: PoolOptions): Promise<Pool> {
  const settings = settle(options);
  requireModule(settings.application);
  const log = new PoolLog(settings.name, settings.log);
  const master = new Master(settings, log);
  try {
    await master.open();
    return master;
  } catch (error) {
    master.kill();
    await master.stop(0);
    throw error;
  }
}
