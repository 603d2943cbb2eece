import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Gives a test run a folder for temporary files of its own, which goes at its end with all of them. Its
 * name is short, as those of sockets must be.
 */
export default function makeRunFolder(): (() => void) | undefined {
  if (process.env["FCGI_PROBE_RUN_FOLDER"] !== undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "fp-"));
  // As /tmp: some tests run programs as another user.
  chmodSync(folder, 0o1777);
  process.env["FCGI_PROBE_RUN_FOLDER"] = folder;
  process.env["TMPDIR"] = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
