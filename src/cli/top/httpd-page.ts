import { HANGING_AFTER } from "../../apache/page/worker-row.js";
import type { ApacheWorker } from "../../apache/workers/workers.js";
import type { Style } from "../../terminal/style.js";
import { visible, wrapWords } from "../../terminal/text.js";
import { moveSelection, showSelected } from "../../terminal/viewport.js";
import type { LiveTarget } from "../../top/live-target.js";
import type { LiveTargets } from "../../top/live-targets.js";
import { sicknessOf, sicknessText } from "../../top/sickness.js";
import { serverReport } from "../reports/apache/server-report.js";
import { sortWorkers, type WorkerSortKey, workerSortKeys } from "../reports/apache/worker-order.js";
import { workerLines } from "../reports/apache/worker-table.js";
import { bodyHeight, frameLines, keyHints, marked, type Size } from "./frame.js";
import { type KillOffer, offerKill } from "./kill-worker.js";
import { nextOf } from "./list-page.js";
import { clockText, rate } from "./list-view.js";
import type { TopPage } from "./top-page.js";

/** What the page needs beside the targets. */
export interface HttpdPageContext {
  readonly style: Style;
  /** Kills a worker, and says what happened. */
  readonly kill: (worker: ApacheWorker, target: LiveTarget) => Promise<string>;
  /** Called when there is something new to paint. */
  readonly changed: () => void;
}

/** One httpd: its numbers, the map of its scoreboard, and its workers, of which one can be killed. */
export class HttpdPage implements TopPage {
  readonly #targets: LiveTargets;
  readonly #target: LiveTarget;
  readonly #context: HttpdPageContext;
  #sort: WorkerSortKey = "ss";
  #workers: readonly ApacheWorker[] = [];
  #selected = 0;
  #offset = 0;
  #height = 1;
  #offer: KillOffer | undefined;
  #message: string | undefined;

  constructor(targets: LiveTargets, target: LiveTarget, context: HttpdPageContext) {
    this.#targets = targets;
    this.#target = target;
    this.#context = context;
    targets.open(target);
  }

  lines(size: Size): string[] {
    const { interval, isFrozen } = this.#targets;
    const { style } = this.#context;
    const target = this.#target;
    const name = `${style.heading(visible(target.name))}  ${visible(target.shown)}`;
    const head = [`${name}  ${clockText(interval, isFrozen, style)}`];
    const report = this.#report(size.columns);
    const workers = this.#workerLines(size.columns);
    const body = [...report, ...workers];
    this.#height = bodyHeight(size, head.length);
    // The first worker is below the titles. Above it, the numbers are in sight.
    const selected = this.#selected === 0 ? 0 : report.length + 1 + this.#selected;
    const viewport = showSelected({ offset: this.#offset, selected }, body.length, this.#height);
    this.#offset = viewport.offset;
    return frameLines({ head, body: body.slice(this.#offset), foot: this.#foot() }, size);
  }

  press(key: string): boolean {
    if (this.#offer !== undefined && "question" in this.#offer) {
      this.#answer(key, this.#offer.worker);
      return true;
    }
    this.#offer = undefined;
    this.#message = undefined;
    const moved = moveSelection(key, this.#selected, this.#workers.length, this.#height);
    if (moved !== undefined) {
      this.#selected = Math.max(0, moved);
      return true;
    }
    if (key === "s") {
      this.#sort = nextOf(workerSortKeys, this.#sort);
      return true;
    }
    if (key !== "k") return false;
    const worker = this.#workers[this.#selected];
    const { workers } = this.#target;
    if (worker !== undefined && workers !== undefined) this.#offer = offerKill(worker, workers);
    return true;
  }

  close(): void {
    this.#targets.open(undefined);
  }

  /** Any key but y is no. */
  #answer(key: string, worker: ApacheWorker): void {
    this.#offer = undefined;
    if (key !== "y" && key !== "Y") {
      this.#message = "not killed";
      return;
    }
    this.#message = "killing …";
    void this.#context.kill(worker, this.#target).then((message) => {
      this.#message = message;
      this.#targets.readNow(this.#target);
      this.#context.changed();
    });
  }

  #report(width: number): string[] {
    const { style } = this.#context;
    const { error, server, rates } = this.#target;
    const { now } = this.#targets;
    const problem =
      error === undefined
        ? []
        : [
            ...wrapWords(`unreachable: ${visible(error.message)}`, width).map((line) =>
              style.bad(line),
            ),
            ...wrapWords(`hint: ${visible(error.hint)}`, width),
          ];
    if (server === undefined) {
      const state = sicknessText(this.#target, sicknessOf(this.#target, now), now);
      return error === undefined ? [style.faint(state)] : problem;
    }
    // The first line of the report is the address, which the head has.
    const [, ...lines] = serverReport("", server.status, style, width);
    return [...problem, ...lines, `${rate(rates.requests)} requests/s now`, ""];
  }

  #workerLines(width: number): string[] {
    const { style } = this.#context;
    const { workers } = this.#target;
    this.#workers = sortWorkers(workers?.workers ?? [], this.#sort);
    this.#selected = Math.max(0, Math.min(this.#selected, this.#workers.length - 1));
    if (workers === undefined) return [style.faint("waiting for the workers")];
    const options = {
      hangingAfter: HANGING_AFTER,
      proportionalMemory: () => undefined,
      full: false,
    };
    const lines = workerLines(this.#workers, options, style, width - 2);
    return lines.map((line, index) => marked(line, index === this.#selected + 1, style));
  }

  #foot(): string {
    const { style } = this.#context;
    if (this.#offer !== undefined) {
      const text = "question" in this.#offer ? this.#offer.question : this.#offer.refusal;
      return style.warning(visible(text));
    }
    if (this.#message !== undefined) return style.warning(visible(this.#message));
    return keyHints(
      [
        ["q", "quit"],
        ["escape", "back"],
        ["s", `by ${this.#sort}`],
        ["k", "kill"],
        ["f", "freeze"],
        ["?", "help"],
      ],
      style,
    );
  }
}
