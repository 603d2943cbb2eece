import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, until } from "./server-process.js";
import { requireServer } from "./servers.js";

/** A program on a terminal that tmux emulates. */
export interface TmuxTerminal {
  /** What the terminal shows, a string for each line, without trailing spaces. */
  lines(): string[];
  /** {@link TmuxTerminal.lines} with the sequences of colours. */
  colouredLines(): string[];
  /** Presses keys by tmux's names: `Down`, `PageUp`, `Escape`, `q`. */
  press(...keys: string[]): void;
  /** Types text. */
  type(text: string): void;
  resize(columns: number, rows: number): void;
  /** Waits until the terminal shows what the pattern matches, and returns the lines. */
  shows(pattern: RegExp): Promise<string[]>;
  /** Ends the program and the server. */
  stop(): void;
}

let started = 0;

/**
 * Runs a command line of the shell on a terminal of a tmux server of its own. The shell prints
 * `exit CODE` at its end, and the terminal stays until `stop`.
 */
export function startTmux(
  command: string,
  { columns = 80, rows = 24, env = {} }: TmuxOptions = {},
): TmuxTerminal {
  const program = requireServer("tmux");
  started++;
  const server = `fcgi-probe-${process.pid}-${started}`;
  const tmux = (...args: string[]): string =>
    execFileSync(program, ["-L", server, "-f", "/dev/null", ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...withoutColourVariables(), ...env, TERM: "xterm-256color" },
    });
  const size = ["-x", `${columns}`, "-y", `${rows}`];
  // tmux takes no long command lines.
  const folder = makeFolder();
  const script = join(folder, "run.sh");
  writeFileSync(script, `${command}\nprintf 'exit %s\\n' $?\nsleep 600\n`);
  tmux("new-session", "-d", "-s", "main", ...size, "bash", script);
  const lines = () => tmux("capture-pane", "-p", "-t", "main").trimEnd().split("\n");
  const terminal: TmuxTerminal = {
    lines,
    colouredLines: () => tmux("capture-pane", "-e", "-p", "-t", "main").trimEnd().split("\n"),
    press: (...keys) => void tmux("send-keys", "-t", "main", ...keys),
    type: (text) => void tmux("send-keys", "-t", "main", "-l", text),
    resize: (width, height) =>
      void tmux("resize-window", "-t", "main", "-x", `${width}`, "-y", `${height}`),
    async shows(pattern) {
      await until(
        () => pattern.test(lines().join("\n")),
        () => `the terminal does not show ${pattern}:\n${lines().join("\n")}`,
      );
      return lines();
    },
    stop() {
      try {
        tmux("kill-server");
      } catch {
        // It has ended.
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return terminal;
}

export interface TmuxOptions {
  columns?: number;
  rows?: number;
  /** More variables of the environment. */
  env?: NodeJS.ProcessEnv;
}

function withoutColourVariables(): NodeJS.ProcessEnv {
  const { NO_COLOR: _, FORCE_COLOR: __, TMUX: ___, ...env } = process.env;
  return env;
}
