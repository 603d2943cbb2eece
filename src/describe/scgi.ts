import { ScgiRequestDecoder } from "../scgi/server.js";
import { MessageDescriber, offsetLine, variableLines } from "./describer.js";

/** An SCGI request: its headers, and its body. */
export class ScgiDescriber extends MessageDescriber {
  readonly #decoder = new ScgiRequestDecoder();

  protected *head(bytes: Uint8Array): Generator<string, void, undefined> {
    const request = this.#decoder.push(bytes);
    if (request === undefined) return;
    const { variables, contentLength, rest } = request;
    const length = this.received - rest.length;
    yield offsetLine(0, "netstring".padEnd(16), `${length} bytes`, `${variables.size} headers`);
    yield* variableLines(variables);
    this.beginBody(rest, contentLength);
  }

  protected endInHead(): void {
    this.#decoder.end();
  }
}
