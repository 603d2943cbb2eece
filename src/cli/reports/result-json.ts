import type { PoolResult } from "../../fleet/fleet.js";
import type { PoolStatusJson } from "../../status-page/pool-status.js";

/** One target in the command's JSON. Stable: scripts depend on these keys. */
export type ResultJson =
  | ({ target: string; ok: true } & PoolStatusJson)
  | { target: string; ok: false; error: { code: string; message: string; hint: string } };

/** A result as plain data. */
export function resultJson(result: PoolResult): ResultJson {
  const { target } = result;
  if (result.ok) return { target, ok: true, ...result.value.toJSON() };
  const { code, message, hint } = result.error;
  return { target, ok: false, error: { code, message, hint } };
}
