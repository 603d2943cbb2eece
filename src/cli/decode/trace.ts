import type { Address } from "../../address.js";
import { GatewayError } from "../../errors.js";
import type { Output } from "../terminal/output.js";
import { visible } from "../terminal/text.js";
import { InputDescriber, ResponseDescriber } from "./cgi.js";
import type { Describer } from "./describer.js";
import { FastCgiDescriber } from "./fastcgi.js";
import { ScgiDescriber } from "./scgi.js";
import { UwsgiDescriber } from "./uwsgi.js";

/** Bytes of a content that are shown. */
const SHOWN = 64;

type Direction = "sent" | "received";

/** Tells what passes on the wire, both ways, as it passes: `> ` what was sent, `< ` what came. */
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
      // What the bytes break is reported once; the request goes on, or fails, for itself.
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
