import type { Address } from "../../address.js";
import { GatewayError } from "../../errors.js";
import type { Output } from "../../terminal/output.js";
import { visible } from "../../terminal/text.js";
import { InputDescriber, ResponseDescriber } from "./cgi.js";
import type { Describer } from "./describer.js";
import { FastCgiDescriber } from "./fastcgi.js";
import { ScgiDescriber } from "./scgi.js";
import { UwsgiDescriber } from "./uwsgi.js";

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
  const describers = new Map<Direction, Describer>([
    ["sent", sentDescriber(protocol)],
    ["received", protocol === "fcgi" ? new FastCgiDescriber(SHOWN) : new ResponseDescriber(SHOWN)],
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

function sentDescriber(protocol: Address["protocol"]): Describer {
  switch (protocol) {
    case "fcgi":
      return new FastCgiDescriber(SHOWN);
    case "scgi":
      return new ScgiDescriber(SHOWN);
    case "uwsgi":
      return new UwsgiDescriber(SHOWN);
    case "cgi":
      return new InputDescriber(SHOWN);
  }
}
