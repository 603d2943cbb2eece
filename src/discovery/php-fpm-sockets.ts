import { readdirSync, statSync } from "node:fs";
import { ErrorCode, GatewayError } from "../errors.js";

/** Where distributions put the sockets of php-fpm. */
const socketFolders = ["/run/php", "/run/php-fpm", "/var/run/php", "/var/run/php-fpm"];

/**
 * The sockets of php-fpm in its usual folders, as addresses, each once.
 *
 * @throws GatewayError `bad_input` when there is none
 */
export function discoverTargets(folders: readonly string[] = socketFolders): string[] {
  const found = new Map<string, string>();
  for (const folder of folders) {
    for (const name of socketsIn(folder)) {
      const path = `${folder}/${name}`;
      // /var/run is /run on most systems, and php-fpm.sock a link to one with a version.
      const { dev, ino } = statSync(path, { bigint: true });
      const key = `${dev}:${ino}`;
      if (!found.has(key)) found.set(key, `unix:${path}`);
    }
  }
  if (found.size > 0) return [...found.values()];
  throw new GatewayError(
    ErrorCode.BadInput,
    `no TARGET is given, and no socket of php-fpm is in ${folders.join(", ")}`,
    { hint: "give an address, as in fcgi-probe status 127.0.0.1:9000/status" },
  );
}

function socketsIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => isSocket(`${folder}/${name}`))
      .sort();
  } catch {
    return [];
  }
}

function isSocket(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}
