import { latin1 } from "../bytes.js";
import type { CapturedProtocol } from "../capture/capture.js";
import { PacketCaptureReader } from "../capture/packet-capture.js";
import { packetFileReader } from "../capture/packet-file.js";
import { isStrace, StraceReader } from "../capture/strace.js";
import { CAPTURE_START, TapCaptureReader } from "../capture/tap-capture.js";
import { clientProtocol } from "../cgi/spoken-protocol.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { CaptureDescriber } from "./captures.js";
import { ResponseDescriber } from "./cgi.js";
import type { Describer } from "./describer.js";
import { FastCgiDescriber } from "./fastcgi.js";
import { ScgiDescriber } from "./scgi.js";
import { UwsgiDescriber } from "./uwsgi.js";

export interface DescriberOptions {
  /** The protocol. Default: it is recognised by the first bytes, of each connection in a capture. */
  protocol?: CapturedProtocol | undefined;
  /** Bytes of each content that are shown. Default: 64. */
  bytes?: number | undefined;
  /** The port of the backend, for a pcap or pcapng file. Default: all connections are described. */
  port?: number | undefined;
}

/** Bytes that recognise a file: a line of strace may start with a process and a time. */
const TEXT_LENGTH = 64;
const BINARY_LENGTH = 4;
const LINE_END = 0x0a;

/** Whether these first bytes are enough to recognise what they belong to. */
export function isRecognisable(first: Uint8Array): boolean {
  const isText = first[0]! >= 0x20 && first[0]! < 0x7f;
  if (!isText) return first.length >= BINARY_LENGTH;
  return first.length >= TEXT_LENGTH || first.includes(LINE_END);
}

/**
 * The describer for what begins with these bytes.
 *
 * @throws GatewayError `wrong_protocol` if the bytes belong to no known protocol, `bad_input` for a
 * port of anything but packets
 */
export function describerFor(first: Uint8Array, options: DescriberOptions): Describer {
  const { protocol, bytes: most = 64, port } = options;
  const file = packetFileReader(first);
  if (file !== undefined) {
    return new CaptureDescriber(new PacketCaptureReader(file, port), protocol, most);
  }
  if (port !== undefined) {
    throw new GatewayError(ErrorCode.BadInput, "these bytes are no pcap or pcapng file", {
      hint: "leave the port out: only packets have one",
    });
  }
  if (latin1(first.subarray(0, BINARY_LENGTH)) === latin1(CAPTURE_START, 0, BINARY_LENGTH)) {
    return new CaptureDescriber(new TapCaptureReader(), undefined, most);
  }
  if (isStrace(latin1(first.subarray(0, TEXT_LENGTH)))) {
    return new CaptureDescriber(new StraceReader(), protocol, most);
  }
  switch (protocol) {
    case "fcgi":
      return new FastCgiDescriber(most);
    case "scgi":
      return isWord(first) ? new ResponseDescriber(most) : new ScgiDescriber(most);
    case "uwsgi":
      return isWord(first) ? new ResponseDescriber(most) : new UwsgiDescriber(most);
    case undefined:
      return recognise(first, most);
  }
}

/** Whether the stream starts with a word, as the head of a response does. */
function isWord(first: Uint8Array): boolean {
  return /^[A-Za-z][\x21-\x7e]{3}/.test(latin1(first.subarray(0, BINARY_LENGTH)));
}

/** Responses of SCGI, uwsgi and CGI look the same. */
function recognise(first: Uint8Array, most: number): Describer {
  const protocol = clientProtocol(latin1(first.subarray(0, TEXT_LENGTH)));
  if (protocol === "FastCGI") return new FastCgiDescriber(most);
  if (protocol === "SCGI") return new ScgiDescriber(most);
  if (isWord(first)) return new ResponseDescriber(most);
  const byte = first[0]!;
  // Any modifier1 up to 0x15; requests of front ends have 0.
  if (byte < 0x16) return new UwsgiDescriber(most);
  throw new GatewayError(
    ErrorCode.WrongProtocol,
    protocol === undefined
      ? `no known protocol starts with the byte ${byte}`
      : `these bytes are ${protocol}`,
    { offset: 0, hint: "set the protocol: fcgi, scgi or uwsgi" },
  );
}
