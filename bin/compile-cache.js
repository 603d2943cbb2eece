import { statSync } from "node:fs";
import module from "node:module";
import { join } from "node:path";

/**
 * Keeps compiled code in `$XDG_CACHE_HOME/fcgi-probe` or `~/.cache/fcgi-probe`, where Node can do so
 * (22.1 and later). Node trusts what it finds there. So a folder that belongs to another user, as after
 * `sudo`, is not used, nor is one below /tmp, which is Node's default.
 */
export function useCompileCache() {
  const { XDG_CACHE_HOME: cache, HOME: home, NODE_COMPILE_CACHE: given } = process.env;
  if (module.enableCompileCache === undefined || given !== undefined) return;
  const base = cache || home;
  if (!base?.startsWith("/")) return;
  try {
    if (statSync(base).uid !== process.getuid?.()) return;
  } catch {
    return;
  }
  module.enableCompileCache(cache ? join(cache, "fcgi-probe") : join(base, ".cache", "fcgi-probe"));
}
