/** Numbers and strings in Python's formats, which monitoring expects in the metrics file. */

/** A float as Python's `repr` prints it: `11.0`, `0.0001`, `1e-05`, `1e+16`. */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const [mantissa = "", power = ""] = Math.abs(value).toExponential().split("e");
  const digits = mantissa.replace(".", "");
  const exponent = Number(power);
  return (
    sign +
    (exponent < -4 || exponent >= 16 ? scientific(digits, exponent) : plain(digits, exponent))
  );
}

function scientific(digits: string, exponent: number): string {
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
  const size = String(Math.abs(exponent)).padStart(2, "0");
  return `${digits[0]}${fraction}e${exponent < 0 ? "-" : "+"}${size}`;
}

function plain(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${whole}.${digits.slice(exponent + 1) || "0"}`;
}

/** An integer as Python prints it: never with an exponent. */
export function pythonInteger(value: number): string {
  return Math.abs(value) < 1e21 ? String(Math.trunc(value)) : BigInt(value).toString();
}

/** A string as Python's `repr` prints it, quotes included. */
export function pythonText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inside = text.replace(/[\\'\p{C}\p{Zl}\p{Zp}\p{Zs}]/gu, (character) =>
    character === " " || (character === "'" && quote === '"') ? character : escaped(character),
  );
  return quote + inside + quote;
}

function escaped(character: string): string {
  const code = character.codePointAt(0) as number;
  const hex = code.toString(16);
  switch (character) {
    case "\\":
    case "'":
      return `\\${character}`;
    case "\n":
      return "\\n";
    case "\r":
      return "\\r";
    case "\t":
      return "\\t";
  }
  if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}

/** A string as Python's JSON module writes it: ASCII, quotes included. */
export function pythonJson(text: string): string {
  return JSON.stringify(text).replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A number with decimals, rounded as in Python: a tie goes to the even neighbour. */
export function fixedDecimals(value: number, decimals: 1 | 2): string {
  // Only halves of powers of two lie exactly between two decimals: x.25, x.125 and their like.
  const isTie = Math.abs(value) < 2 ** 46 && Math.abs(value * 2 ** (decimals + 1)) % 2 === 1;
  if (!isTie) return value.toFixed(decimals);
  const scale = 10 ** decimals;
  const lower = Math.floor(value * scale);
  return ((lower % 2 === 0 ? lower : lower + 1) / scale).toFixed(decimals);
}
