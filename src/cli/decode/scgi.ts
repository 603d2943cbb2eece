import { ScgiRequestDecoder } from "../../scgi/server.js";
import { BodyDescriber, type Describer, offsetLine, variableLines } from "./describer.js";

/** An SCGI request: its headers, and its body. */
export class ScgiDescriber implements Describer {
  readonly #decoder = new ScgiRequestDecoder();
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
    const request = this.#decoder.push(bytes);
    if (request === undefined) return;
    const { variables, contentLength, rest } = request;
    const bodyStart = this.#received - rest.length;
    yield offsetLine(0, "netstring".padEnd(16), `${bodyStart} bytes`, `${variables.size} headers`);
    yield* variableLines(variables);
    this.#body = new BodyDescriber(bodyStart, contentLength, this.#most);
    this.#body.push(rest);
  }

  *end(): Generator<string, void, undefined> {
    if (this.#body === undefined) this.#decoder.end();
    else yield* this.#body.end();
  }
}
