import { ResponseHeadReader } from "../cgi/response-head-reader.js";
import { visible } from "../terminal/text.js";
import { type Describer, excerpt, innerLine, MessageDescriber, offsetLine } from "./describer.js";

/** A response of SCGI, uwsgi or CGI: a head and a body. */
export class ResponseDescriber extends MessageDescriber {
  readonly #reader = new ResponseHeadReader();

  protected *head(bytes: Uint8Array): Generator<string, void, undefined> {
    const head = this.#reader.push(bytes);
    if (head === undefined) return;
    const { status, statusText, length } = head;
    const line = `status ${status} ${visible(statusText)}`.trimEnd();
    yield offsetLine(0, "response head".padEnd(16), `${length} bytes`, line);
    for (const [name, value] of head.headers) {
      yield innerLine(`${visible(name)}: ${visible(value)}`);
    }
    this.beginBody(bytes.subarray(head.bodyStart), undefined);
  }

  protected endInHead(): void {
    throw this.#reader.closed();
  }
}

/** The standard input of a CGI program: only a body. */
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
