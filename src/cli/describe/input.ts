import { type Describer, offsetLine } from "./describer.js";
import { excerpt } from "./excerpt.js";

/** What a CGI program reads from its standard input: a body, and nothing around it. */
export class InputDescriber implements Describer {
  readonly #most: number;
  #received = 0;

  /** @param most how many bytes of each piece are shown */
  constructor(most: number) {
    this.#most = most;
  }

  *push(bytes: Uint8Array): Generator<string, void, undefined> {
    const { length } = bytes;
    const text = excerpt(bytes, this.#most);
    yield offsetLine(this.#received, "body".padEnd(16), `${length} bytes`, text);
    this.#received += length;
  }

  *end(): Generator<string, void, undefined> {}
}
