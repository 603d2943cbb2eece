import { discover } from "../../discovery/discover.js";
import { LocalPools } from "../../discovery/local-pools.js";
import type { PoolConfiguration } from "../../discovery/pool-configuration.js";

/** Milliseconds for which the configurations are read once: two thousand files take 150 ms. */
const POOLS_AGE = 1_000;

let known: { readonly pools: Promise<LocalPools>; readonly at: number } | undefined;

/** The pool of this machine at an address, where its configuration is found. */
export async function localPool(address: string): Promise<PoolConfiguration | undefined> {
  const now = performance.now();
  if (known === undefined || now - known.at > POOLS_AGE) known = { pools: readPools(), at: now };
  return (await known.pools).at(address);
}

async function readPools(): Promise<LocalPools> {
  const { targets } = await discover({ phpFpm: true, apache: false });
  return new LocalPools(targets.flatMap(({ configuration }) => configuration ?? []));
}
