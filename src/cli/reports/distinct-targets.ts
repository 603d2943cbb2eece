import type { Io } from "../io.js";
import { visible } from "../terminal/visible.js";

/** Targets named in a warning. */
const MOST_NAMES = 8;

/**
 * Tells targets that are new from those that were given before. Prometheus rejects a whole page for
 * two samples with the same labels, and so for a target that is read twice.
 */
export class DistinctTargets {
  readonly #seen = new Set<string>();
  readonly #repeated = new Set<string>();

  isNew(target: string): boolean {
    const isNew = !this.#seen.has(target);
    if (isNew) this.#seen.add(target);
    else this.#repeated.add(target);
    return isNew;
  }

  /** The targets that are new, in their order. */
  of(targets: readonly string[]): string[] {
    return targets.filter((target) => this.isNew(target));
  }

  /**
   * The warning that names the repeated ones; nothing when there are none.
   *
   * @param show what may be shown of a target
   */
  warningLines(io: Io, show = (target: string) => target): string[] {
    if (this.#repeated.size === 0) return [];
    const names = [...this.#repeated].slice(0, MOST_NAMES).map((target) => visible(show(target)));
    const more = this.#repeated.size - names.length;
    const list = `${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
    const name = io.stderr.style.warning("fcgi-probe:");
    return [`${name} warning: given more than once, and read once: ${list}`];
  }
}
