import type { Address } from "../../address.js";
import { InputDescriber, ResponseDescriber } from "../../describe/cgi.js";
import { sideDescriber } from "../../describe/connection.js";
import type { Describer } from "../../describe/describer.js";
import { GatewayError } from "../../errors.js";
import type { Output } from "../../terminal/output.js";
import { visible } from "../../terminal/text.js";

/** How many bytes of a content are shown. */
const SHOWN = 64;

type Direction = "sent" | "received";

/**
 * Writes the records of a connection as they are sent (`> `) and received (`< `).
 */
export function tracer(
  protocol: Address["protocol"],
  output: Output,
): (direction: Direction, bytes: Uint8Array) => void {
  const isCgi = protocol === "cgi";
  const describers = new Map<Direction, Describer>([
    ["sent", isCgi ? new InputDescriber(SHOWN) : sideDescriber(protocol, "client", SHOWN)],
    ["received", isCgi ? new ResponseDescriber(SHOWN) : sideDescriber(protocol, "backend", SHOWN)],
  ]);
  return (direction, bytes) => {
    const describer = describers.get(direction);
    if (describer === undefined) return;
    const mark = direction === "sent" ? ">" : "<";
    try {
      for (const line of describer.push(bytes)) void output.writeLines([`${mark} ${line}`]);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      // Malformed bytes are reported once. Whether the request fails is decided elsewhere.
      describers.delete(direction);
      void output.writeLines([`${mark} ${visible(error.message)}`]);
    }
  };
}
