import { latin1 } from "../../bytes.js";
import { clientProtocol } from "../../cgi/spoken-protocol.js";
import { ErrorCode, GatewayError } from "../../errors.js";
import { CAPTURE_START } from "../../tap/capture.js";
import { CaptureDescriber } from "./capture.js";
import { ResponseDescriber } from "./cgi.js";
import type { Describer } from "./describer.js";
import { FastCgiDescriber } from "./fastcgi.js";
import { ScgiDescriber } from "./scgi.js";
import { UwsgiDescriber } from "./uwsgi.js";

export const describedProtocols = ["fastcgi", "scgi", "uwsgi"] as const;
export type DescribedProtocol = (typeof describedProtocols)[number];

/** The number of bytes that recognise a protocol. A shorter stream is recognised by fewer. */
export const RECOGNISED_LENGTH = 4;

/**
 * The describer for a protocol, or for the one that the first bytes belong to. Responses of SCGI,
 * uwsgi and CGI look the same.
 *
 * @throws GatewayError `wrong_protocol` if the bytes belong to no known protocol
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
  if (
    latin1(first.subarray(0, RECOGNISED_LENGTH)) === latin1(CAPTURE_START, 0, RECOGNISED_LENGTH)
  ) {
    return new CaptureDescriber(most);
  }
  const protocol = clientProtocol(latin1(first));
  if (protocol === "FastCGI") return new FastCgiDescriber(most);
  if (protocol === "SCGI") return new ScgiDescriber(most);
  if (isText(first)) return new ResponseDescriber(most);
  const byte = first[0]!;
  // Any modifier1 up to 0x15; requests of front ends have 0.
  if (byte < 0x16) return new UwsgiDescriber(most);
  throw new GatewayError(
    ErrorCode.WrongProtocol,
    protocol === undefined
      ? `no known protocol starts with the byte ${byte}`
      : `these bytes are ${protocol}`,
    { offset: 0, hint: "set the protocol: --protocol fastcgi, scgi or uwsgi" },
  );
}
