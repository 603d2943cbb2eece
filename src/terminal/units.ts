/**
 * A time in readable units, from microseconds: `850 µs`, `12.3 ms`, `4.2 s`, `3m 20s`, `2h 5m`, `4d
 * 3h`.
 */
export function formatMicroseconds(microseconds: number): string {
  if (microseconds < 1_000) return `${Math.round(microseconds)} µs`;
  if (microseconds < 999_950) return `${(microseconds / 1_000).toFixed(1)} ms`;
  if (microseconds < 59_950_000) return `${(microseconds / 1_000_000).toFixed(1)} s`;
  return formatSeconds(microseconds / 1_000_000);
}

/** {@link formatMicroseconds}, from milliseconds. */
export function formatMilliseconds(milliseconds: number): string {
  return formatMicroseconds(milliseconds * 1_000);
}

/** A time in its two largest units, from seconds: `45s`, `3m 20s`, `2h 5m`, `4d 3h`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (minutes === 0) return `${whole}s`;
  if (hours === 0) return `${minutes}m ${whole % 60}s`;
  if (days === 0) return `${hours}h ${minutes % 60}m`;
  return `${days}d ${hours % 24}h`;
}

const units = ["B", "K", "M", "G", "T", "P"];

/** A size in powers of 1,024: `512 B`, `2.0 M`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1_023.95 && unit < units.length - 1) {
    value /= 1_024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** A count with its noun: `1 process`, `2 processes`. */
export function counted(count: number, one: string, several: string): string {
  return `${count} ${count === 1 ? one : several}`;
}
