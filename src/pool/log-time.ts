const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** The moment as PHP-FPM's logs have it: `21-Nov-2026 07:50:00`, in local time. */
export function logTime(date = new Date()): string {
  const two = (value: number): string => `${value}`.padStart(2, "0");
  const day = `${two(date.getDate())}-${months[date.getMonth()]}-${date.getFullYear()}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
