import { readdirSync, statSync } from "node:fs";
import { ErrorCode, GatewayError } from "../errors.js";

/** The folders where distributions put the sockets of php-fpm. */
const socketFolders = ["/run/php", "/run/php-fpm", "/var/run/php", "/var/run/php-fpm"];

/**
 * The addresses of the php-fpm sockets in the usual folders, each once.
 *
 * @throws GatewayError `bad_input` when there is none
 */
export function discoverTargets(folders: readonly string[] = socketFolders): string[] {
  const found = new Map<string, string>();
  for (const folder of folders) {
    for (const name of socketsIn(folder)) {
      const path = `${folder}/${name}`;
      // /var/run is /run on most systems, and php-fpm.sock may link to php8.2-fpm.sock.
      const { dev, ino } = statSync(path, { bigint: true });
      const key = `${dev}:${ino}`;
      if (!found.has(key)) found.set(key, `unix:${path}`);
    }
  }
  if (found.size > 0) return [...found.values()];
  throw new GatewayError(
    ErrorCode.BadInput,
    `no TARGET is given, and there is no php-fpm socket in ${folders.join(", ")}`,
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
