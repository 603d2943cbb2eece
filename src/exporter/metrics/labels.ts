import { createHash } from "node:crypto";

/** The longest value of a label, in bytes of UTF-8. Prometheus has limits of its own, off by default. */
const MAX_VALUE = 1_024;

/** A name and a value. */
export type Label = readonly [name: string, value: string];

/** Labels, and their text as it stands between braces. Make those that repeat once. */
export class LabelSet {
  readonly pairs: readonly Label[];
  readonly text: string;
  /** What follows the labels of a target in a line: `,child="0"} `. */
  readonly closing: string;

  constructor(pairs: readonly Label[]) {
    this.pairs = pairs.map(([name, value]) => [name, printable(value)]);
    this.text = this.pairs.map(([name, value]) => `${name}="${escapeValue(value)}"`).join(",");
    this.closing = this.text === "" ? "} " : `,${this.text}} `;
  }
}

export const noLabels = new LabelSet([]);

/**
 * Text that is valid UTF-8 and not too long. What is cut, between characters, ends in a hash of the
 * whole: two texts that begin alike would be the same series.
 */
function printable(text: string): string {
  // A code unit has at most three bytes.
  if (text.length <= MAX_VALUE / 3) return text.replace(/\p{Surrogate}/gu, "\ufffd");
  const start = text.slice(0, MAX_VALUE + 1).replace(/\p{Surrogate}/gu, "\ufffd");
  const encoder = new TextEncoder();
  const bytes = new Uint8Array(MAX_VALUE);
  if (encoder.encodeInto(start, bytes).read === text.length) return start;
  const end = `~${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
  const { read } = encoder.encodeInto(start, bytes.subarray(end.length));
  return start.slice(0, read) + end;
}

function escapeValue(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
