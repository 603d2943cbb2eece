import { ErrorCode, GatewayError } from "../../errors.js";
import { CaptureReader } from "../../tap/capture.js";
import { ConnectionsDescriber } from "./connections.js";
import type { Describer } from "./describer.js";

/** Connections at a time that a capture may have. */
const MAX_OPEN = 65_536;

/** What `fcgi-probe tap --save` has written: the connections of a tap, in the order of their bytes. */
export class CaptureDescriber implements Describer {
  readonly #reader = new CaptureReader();
  readonly #most: number;
  #connections: ConnectionsDescriber | undefined;

  /** @param most how many bytes of each content are shown */
  constructor(most: number) {
    this.#most = most;
  }

  *push(bytes: Uint8Array): Generator<string, void, undefined> {
    for (const { connection, kind, content } of this.#reader.push(bytes)) {
      const { protocol = "fcgi" } = this.#reader;
      this.#connections ??= new ConnectionsDescriber(protocol, this.#most);
      if (kind === "closed") yield* this.#connections.closed(connection);
      else yield* this.#connections.take(connection, kind, content);
      if (this.#connections.open > MAX_OPEN) {
        const message = `the capture has more than ${MAX_OPEN} open connections`;
        throw new GatewayError(ErrorCode.LimitExceeded, message);
      }
    }
  }

  /** Connections that are still open are not described further: a capture may end at any frame. */
  end(): Iterable<string> {
    this.#reader.end();
    return [];
  }
}
