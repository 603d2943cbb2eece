const DAY = 86_400_000;

/** The day of the last moment, and how its moments begin: `2026-11-29T`. */
let day = Number.NaN;
let beginning = "";

/**
 * A moment as `toISOString` has it. Most moments of a page, and of many pages, are of one day, which
 * takes 0.06 µs instead of 0.42 (Node 20).
 *
 * @throws RangeError for an invalid date
 */
export function isoTime(date: Date): string {
  const moment = date.getTime();
  const ownDay = Math.floor(moment / DAY);
  if (ownDay !== day) {
    beginning = date.toISOString().slice(0, -"00:00:00.000Z".length);
    day = ownDay;
  }
  const rest = moment - ownDay * DAY;
  const hours = twoDigits(Math.floor(rest / 3_600_000));
  const minutes = twoDigits(Math.floor(rest / 60_000) % 60);
  const seconds = twoDigits(Math.floor(rest / 1_000) % 60);
  return `${beginning}${hours}:${minutes}:${seconds}.${`${rest % 1_000}`.padStart(3, "0")}Z`;
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}
