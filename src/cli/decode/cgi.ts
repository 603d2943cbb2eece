import { ResponseHeadReader } from "../../cgi/response-head-reader.js";
import { visible } from "../terminal/text.js";
import { BodyDescriber, type Describer, excerpt, innerLine, offsetLine } from "./describer.js";

/** The answer to an SCGI or uwsgi request, or of a CGI program: a head and a body. */
export class ResponseDescriber implements Describer {
  readonly #reader = new ResponseHeadReader();
  readonly #most: number;
  #received = 0;
  #body: BodyDescriber | undefined;

  /** @param most how many bytes of the body are shown */
  constructor(most: number) {
    this.#most = most;
  }

  *push(bytes: Uint8Array): Generator<string, void, undefined> {
    this.#received += bytes.length;
    if (this.#body !== undefined) return this.#body.push(bytes);
    const head = this.#reader.push(bytes);
    if (head === undefined) return;
    const rest = bytes.subarray(head.bodyStart);
    const reason = visible(head.statusText);
    yield offsetLine(
      0,
      "response head".padEnd(16),
      `${head.length} bytes`,
      `status ${head.status} ${reason}`.trimEnd(),
    );
    for (const [name, value] of head.headers)
      yield innerLine(`${visible(name)}: ${visible(value)}`);
    this.#body = new BodyDescriber(this.#received - rest.length, undefined, this.#most);
    this.#body.push(rest);
  }

  *end(): Generator<string, void, undefined> {
    if (this.#body === undefined) throw this.#reader.closed();
    yield* this.#body.end();
  }
}

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
