export const logFormats = ["logfmt", "json"] as const;
type LogFormat = (typeof logFormats)[number];

/** The levels of a log, from the least important to the most. */
const logLevels = ["debug", "info", "warn", "error"] as const;
type LogLevel = (typeof logLevels)[number];

/** The names that logrus has for levels, which php-fpm_exporter accepts. */
const logrusLevels = new Map<string, LogLevel>([
  ["trace", "debug"],
  ["warning", "warn"],
  ["fatal", "error"],
  ["panic", "error"],
]);

/** The level of a name, in any case. */
export function logLevelOf(name: string): LogLevel | undefined {
  const lower = name.toLowerCase();
  return logLevels.find((level) => level === lower) ?? logrusLevels.get(lower);
}

/** What a line says. A field that is undefined is left out. */
export type LogLine = Readonly<
  { level: LogLevel; message: string } & Record<string, string | number | boolean | undefined>
>;

/** Writes one line. */
export type WriteLog = (line: LogLine) => void;

/** How many characters of a value are written. */
const MAX_VALUE = 1_024;

/**
 * Makes a log of lines as exporters write them: `time=… level=INFO msg="…" key=value`, or the same
 * as objects of JSON. A record is always one line: controls and invisible characters are escaped.
 *
 * @param write takes a whole line, with its end
 * @param least the least important level that is written
 */
export function createLog(
  write: (line: string) => void,
  { format, least }: { format: LogFormat; least: LogLevel },
): WriteLog {
  const from = logLevels.indexOf(least);
  return ({ level, message, ...fields }) => {
    if (logLevels.indexOf(level) < from) return;
    const entries: Entry[] = [
      ["time", new Date().toISOString()],
      ["level", level.toUpperCase()],
      ["msg", message],
    ];
    for (const [key, value] of Object.entries(fields)) {
      if (value !== undefined) entries.push([key, value]);
    }
    write(format === "json" ? jsonLine(entries) : logfmtLine(entries));
  };
}

type Entry = readonly [key: string, value: string | number | boolean];

function logfmtLine(entries: readonly Entry[]): string {
  return `${entries.map(([key, value]) => `${key}=${logfmtValue(value)}`).join(" ")}\n`;
}

function jsonLine(entries: readonly Entry[]): string {
  const members = entries.map(([key, value]) => {
    return `${quote(key)}:${typeof value === "string" ? quote(value) : JSON.stringify(value)}`;
  });
  return `{${members.join(",")}}\n`;
}

function logfmtValue(value: string | number | boolean): string {
  if (typeof value !== "string") return String(value);
  const isPlain = /^[\x21\x23-\x3c\x3e-\x5b\x5d-\x7e]+$/.test(value);
  return isPlain && value.length <= MAX_VALUE ? value : quote(value);
}

/** A string of JSON, which Go reads alike, without characters that a terminal obeys. */
function quote(value: string): string {
  const cut = value.length > MAX_VALUE ? `${value.slice(0, MAX_VALUE)}…` : value;
  return JSON.stringify(cut.replace(/\p{Cs}/gu, "\ufffd")).replace(
    /[\x7f-\x9f\p{Cf}\p{Co}\p{Zl}\p{Zp}]/gu,
    (character) => [...Array(character.length).keys()].map((at) => unit(character, at)).join(""),
  );
}

function unit(character: string, at: number): string {
  return `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`;
}
