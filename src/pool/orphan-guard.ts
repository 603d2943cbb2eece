import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";

/**
 * Reads lines `+ pid` and `- pid` until the master has ended, then gives the remaining workers so
 * many seconds, and kills them. A process is identified by its start time, too, because pids are
 * reused. A process that has ended and was not waited for is a zombie (Z).
 */
const script = `
trap '' HUP INT QUIT TERM USR1 USR2
start() {
  if read -r stat < "/proc/$1/stat"; then
    set -- \${stat##*) }
    [ "$1" = Z ] && return
    shift 19
    echo "$1"
  else
    LC_ALL=C ps -o lstart= -p "$1" | tr -s ' ' _
  fi
}
workers=
while read -r sign pid; do
  kept=
  for one in $workers; do
    [ "\${one%%:*}" = "$pid" ] || kept="$kept $one"
  done
  workers=$kept
  [ "$sign" = + ] && workers="$workers $pid:$(start "$pid")"
done
seconds=$1
while :; do
  kept=
  for one in $workers; do
    [ -n "\${one#*:}" ] && [ "$(start "\${one%%:*}")" = "\${one#*:}" ] && kept="$kept $one"
  done
  workers=$kept
  [ -z "$workers" ] && exit
  [ "$seconds" -le 0 ] && break
  seconds=$((seconds - 1))
  sleep 1
done
for one in $workers; do
  kill -KILL "\${one%%:*}"
done
`;

/**
 * Kills workers that outlive their master. A worker whose event loop is blocked does not notice that
 * its master has died. The guard is one shell for the pool, of 1 MB; a thread in each worker would
 * take 10 MB.
 */
export class OrphanGuard {
  readonly #name: string;
  readonly #seconds: number;
  readonly #pids = new Set<number>();
  #child: ChildProcess | undefined;

  /** @param limit milliseconds that workers have to end by themselves after the master has ended */
  constructor(name: string, limit: number) {
    this.#name = name;
    this.#seconds = Math.ceil(limit / 1_000);
  }

  watch(pid: number): void {
    this.#pids.add(pid);
    if (this.#child === undefined) this.#start();
    else this.#write(`+ ${pid}\n`);
  }

  /** The worker has exited. */
  forget(pid: number): void {
    this.#pids.delete(pid);
    this.#write(`- ${pid}\n`);
  }

  /** Ends the guard: at once if no worker is left, otherwise as if the master had ended. */
  close(): void {
    this.#child?.stdin?.end();
    this.#child = undefined;
    this.#pids.clear();
  }

  #start(): void {
    const child = spawn("/bin/sh", ["-c", script, "guard", `${this.#seconds}`], {
      argv0: `fcgi-probe: guard of pool ${this.#name}`,
      cwd: "/",
      stdio: ["pipe", "ignore", "ignore"],
    });
    this.#child = child;
    // If there is no shell, or the guard is killed, the next worker starts it again.
    const lost = (): void => {
      if (this.#child === child) this.#child = undefined;
    };
    child.once("error", lost);
    child.once("exit", lost);
    child.stdin.on("error", () => {});
    child.unref();
    (child.stdin as Socket).unref();
    for (const pid of this.#pids) this.#write(`+ ${pid}\n`);
  }

  #write(line: string): void {
    this.#child?.stdin?.write(line);
  }
}
