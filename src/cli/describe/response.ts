import { ResponseHeadReader } from "../../cgi/response-head-reader.js";
import { visible } from "../terminal/visible.js";
import { Body } from "./body.js";
import { type Describer, innerLine, offsetLine } from "./describer.js";

/** The answer to an SCGI or uwsgi request, or of a CGI program: a head and a body. */
export class ResponseDescriber implements Describer {
  readonly #reader = new ResponseHeadReader();
  readonly #most: number;
  #received = 0;
  #body: Body | undefined;

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
    this.#body = new Body(this.#received - rest.length, undefined, this.#most);
    this.#body.push(rest);
  }

  *end(): Generator<string, void, undefined> {
    if (this.#body === undefined) throw this.#reader.closed();
    yield* this.#body.end();
  }
}
