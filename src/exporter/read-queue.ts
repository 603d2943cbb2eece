/** A task of a {@link ReadQueue}. It reports its own errors. */
type Read = () => Promise<void>;

/** Runs reads, no more than `limit` of them at once, in the order in which they came. */
export class ReadQueue {
  limit: number;
  #waiting: Read[] = [];
  /** Where the first waiting read is: an array gives its first element away slowly. */
  #first = 0;
  #running = 0;

  /** @param limit how many reads run at once */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** Runs a read now, or when an earlier one has ended. */
  add(read: Read): void {
    if (this.#running < this.limit) this.#run(read);
    else this.#waiting.push(read);
  }

  #run(read: Read): void {
    this.#running++;
    void read().finally(this.#ended);
  }

  readonly #ended = (): void => {
    this.#running--;
    if (this.#running < this.limit) this.#next();
  };

  #next(): void {
    const read = this.#waiting[this.#first++];
    if (read === undefined) {
      this.#waiting = [];
      this.#first = 0;
    } else {
      this.#run(read);
    }
  }
}
