import { spawn } from "node:child_process";

/**
 * Hands a line to the system's log, as `apache_manager[44]: NOTICE text`: triggers of monitoring
 * systems look for it there. By logger(1), because Node has no datagram sockets in the file
 * system; where there is none, nothing is written.
 */
export function writeSystemLog(pid: number, line: string): Promise<void> {
  const args = ["-p", "user.notice", "-t", `apache_manager[${pid}]`, "--", line];
  const child = spawn("logger", args, { stdio: "ignore", timeout: 2_000 });
  return new Promise((resolve) => {
    child.once("error", () => resolve());
    child.once("close", () => resolve());
  });
}
