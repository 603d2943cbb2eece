import { expect, vi } from "vitest";
import type { Engine, EngineName } from "../../src/engine/engine.js";

/**
 * Loads modules anew that take the engine of the process, with this one for that engine.
 *
 * @param load imports them
 */
export async function loadWith<Modules>(
  name: EngineName,
  load: () => Promise<Modules>,
): Promise<readonly [name: EngineName, engine: Engine, modules: Modules]> {
  vi.resetModules();
  vi.stubEnv("FCGI_PROBE_ENGINE", name);
  try {
    const { defaultEngine } = await import("../../src/engine/select.js");
    expect(defaultEngine().name).toBe(name);
    return [name, defaultEngine(), await load()];
  } finally {
    vi.unstubAllEnvs();
  }
}
