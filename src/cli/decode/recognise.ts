import { latin1 } from "../../bytes.js";
import { clientProtocol } from "../../cgi/spoken-protocol.js";
import { ErrorCode, GatewayError } from "../../errors.js";
import { ResponseDescriber } from "./cgi.js";
import type { Describer } from "./describer.js";
import { FastCgiDescriber } from "./fastcgi.js";
import { ScgiDescriber } from "./scgi.js";
import { UwsgiDescriber } from "./uwsgi.js";

export const describedProtocols = ["fastcgi", "scgi", "uwsgi"] as const;
export type DescribedProtocol = (typeof describedProtocols)[number];

/** Bytes that tell what a stream is; less only at its end. */
export const RECOGNISED_LENGTH = 4;

/**
 * The describer of a protocol, by the first bytes of a stream. SCGI and uwsgi answers look the
 * same: the head of a response.
 *
 * @throws GatewayError `wrong_protocol` when the bytes are of none that this program knows
 */
export function describerFor(
  first: Uint8Array,
  protocol: DescribedProtocol | "auto",
  most: number,
): Describer {
  switch (protocol) {
    case "fastcgi":
      return new FastCgiDescriber(most);
    case "scgi":
      return isText(first) ? new ResponseDescriber(most) : new ScgiDescriber(most);
    case "uwsgi":
      return isText(first) ? new ResponseDescriber(most) : new UwsgiDescriber(most);
    case "auto":
      return recognise(first, most);
  }
}

/** Whether the stream starts with a word, as the head of a response does. */
function isText(first: Uint8Array): boolean {
  return /^[A-Za-z][\x21-\x7e]{3}/.test(latin1(first));
}

function recognise(first: Uint8Array, most: number): Describer {
  const protocol = clientProtocol(latin1(first));
  if (protocol === "FastCGI") return new FastCgiDescriber(most);
  if (protocol === "SCGI") return new ScgiDescriber(most);
  if (isText(first)) return new ResponseDescriber(most);
  const byte = first[0]!;
  // Packets of any modifier: a front end's request is one of modifier 0.
  if (byte < 0x16) return new UwsgiDescriber(most);
  throw new GatewayError(
    ErrorCode.WrongProtocol,
    protocol === undefined
      ? `no protocol that is known here starts with the byte ${byte}`
      : `these bytes are ${protocol}`,
    { offset: 0, hint: "give the protocol: --protocol fastcgi, scgi or uwsgi" },
  );
}
