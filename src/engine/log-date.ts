const months = "JanFebMarAprMayJunJulAugSepOctNovDec";
/** The three letters of each month as one number, January first. */
const monthCodes = Array.from({ length: 12 }, (_, month) => {
  const at = month * 3;
  return letters(months.charCodeAt(at), months.charCodeAt(at + 1), months.charCodeAt(at + 2));
});

/** Bytes of `20/Nov/2026:18:28:16 +0000`. */
export const LOG_DATE_LENGTH = 26;
const SLASH = 0x2f;
const COLON = 0x3a;
const SPACE = 0x20;
const PLUS = 0x2b;
const MINUS = 0x2d;

/**
 * Reads a date as access logs and PHP-FPM's text page write it, `20/Nov/2026:18:28:16 +0000`, in any
 * time zone. It accepts 31 days in any month, and a leap second in any minute.
 *
 * @returns seconds since 1970, or NaN if the bytes are not such a date
 */
export function readLogDate(bytes: Uint8Array, start: number, end: number): number {
  if (end - start !== LOG_DATE_LENGTH) return Number.NaN;
  const month = monthCodes.indexOf(
    letters(bytes[start + 3]!, bytes[start + 4]!, bytes[start + 5]!),
  );
  const zoneSign = bytes[start + 21];
  const isShaped =
    month >= 0 &&
    (zoneSign === PLUS || zoneSign === MINUS) &&
    bytes[start + 2] === SLASH &&
    bytes[start + 6] === SLASH &&
    bytes[start + 11] === COLON &&
    bytes[start + 14] === COLON &&
    bytes[start + 17] === COLON &&
    bytes[start + 20] === SPACE;
  if (!isShaped) return Number.NaN;
  const day = twoDigits(bytes, start);
  const century = twoDigits(bytes, start + 7);
  const year = twoDigits(bytes, start + 9);
  const hour = twoDigits(bytes, start + 12);
  const minute = twoDigits(bytes, start + 15);
  const second = twoDigits(bytes, start + 18);
  const zoneHour = twoDigits(bytes, start + 22);
  const zoneMinute = twoDigits(bytes, start + 24);
  // Negative if one of them is: not two digits.
  if ((day | century | year | hour | minute | second | zoneHour | zoneMinute) < 0)
    return Number.NaN;
  if (day === 0 || day > 31 || hour > 23 || minute > 59 || second > 60) return Number.NaN;
  const days = daysSince1970(century * 100 + year, month + 1, day);
  const zone = zoneHour * 3600 + zoneMinute * 60;
  const secondOfDay = hour * 3600 + minute * 60 + second;
  return days * 86_400 + secondOfDay + (zoneSign === PLUS ? -zone : zone);
}

function letters(first: number, second: number, third: number): number {
  return (first << 16) | (second << 8) | third;
}

/** Returns -1 for anything but two digits. With NaN instead, a page took twice the time. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - 0x30;
  const ones = bytes[at + 1]! - 0x30;
  return tens >>> 0 > 9 || ones >>> 0 > 9 ? -1 : tens * 10 + ones;
}

/**
 * Returns days of the Gregorian calendar. Years begin in March, so that the leap day is the last one,
 * and are counted from 400 years before the first, so that no number is negative: divisions round
 * down.
 */
function daysSince1970(year: number, month: number, day: number): number {
  const shifted = year + 400 - (month <= 2 ? 1 : 0);
  const dayOfYear = (((153 * ((month + 9) % 12) + 2) / 5) | 0) + day - 1;
  const leapDays = ((shifted / 4) | 0) - ((shifted / 100) | 0) + ((shifted / 400) | 0);
  return shifted * 365 + leapDays + dayOfYear - 865_565;
}
