import { checkObject, wrongArgument } from "../arguments.js";
import { ByteCollector, checkBytes } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";
import type { Describer } from "./describer.js";
import { type DescriberOptions, describerFor, isRecognisable } from "./recognise.js";

/**
 * A describer of captured bytes, in pieces of any length: one direction of a connection, or a file
 * with both directions of many, which the first bytes tell. It describes FastCGI, SCGI, uwsgi and
 * the responses of CGI; pcap, pcapng, the output of strace, and what `fcgi-probe tap --save` wrote.
 * Its lines hold no control characters.
 *
 * @throws TypeError that names a wrong argument
 */
export function createDescriber(options: DescriberOptions = {}): Describer {
  checkObject("options", options);
  const { protocol } = options;
  if (protocol !== undefined && !/^(?:fcgi|scgi|uwsgi)$/.test(String(protocol))) {
    throw wrongArgument("protocol", protocol, "fcgi, scgi or uwsgi");
  }
  return new RecognisingDescriber(options);
}

class RecognisingDescriber implements Describer {
  readonly #options: DescriberOptions;
  readonly #first = new ByteCollector();
  #describer: Describer | undefined;

  constructor(options: DescriberOptions) {
    this.#options = options;
  }

  *push(bytes: Uint8Array): Generator<string, void, undefined> {
    checkBytes("bytes", bytes);
    if (this.#describer !== undefined) {
      yield* this.#describer.push(bytes);
      return;
    }
    this.#first.push(bytes);
    if (this.#first.length > 0 && isRecognisable(this.#first.bytes)) yield* this.#recognise();
  }

  *end(): Generator<string, void, undefined> {
    if (this.#describer === undefined) {
      if (this.#first.length === 0) {
        throw new GatewayError(ErrorCode.BadInput, "there are no bytes", {
          hint: "give captured bytes",
        });
      }
      yield* this.#recognise();
    }
    if (this.#describer !== undefined) yield* this.#describer.end();
  }

  #recognise(): Iterable<string> {
    const first = this.#first.take();
    this.#describer = describerFor(first, this.#options);
    return this.#describer.push(first);
  }
}
