/**
 * The codecs of the protocols: from bytes to values and back. They do no I/O, and run in every
 * JavaScript runtime.
 */
export type { ClientHandlers, RequestEnd } from "./cgi/client-machine.js";
export { type HeadLayout, LocationForm, type ResponseHead } from "./cgi/response-head.js";
export { type ResponseHeadOptions, ResponseHeadReader } from "./cgi/response-head-reader.js";
export { type Variable, Variables, type VariableValue } from "./cgi/variables.js";
export type { Engine, EngineName } from "./engine/engine.js";
export { defaultEngine, type EngineChoice, engineChoice, getEngine } from "./engine/select.js";
export { ErrorCode, GatewayError, type GatewayErrorOptions } from "./errors.js";
export {
  encodeAbortRequest,
  encodeBeginRequest,
  encodeEndRequest,
  encodeGetValues,
  encodeGetValuesResult,
  encodePairs,
  encodeParams,
  encodeRecord,
  encodeUnknownType,
  endOfStream,
  streamRecords,
} from "./fastcgi/encode.js";
export { PairDecoder, type PairDecoderOptions } from "./fastcgi/pair-decoder.js";
export { KEEP_CONN, ProtocolStatus, RecordType, Role } from "./fastcgi/protocol.js";
export {
  decodeBody,
  type FastCgiRecord,
  FastCgiRecordDecoder,
  type FastCgiRecordOptions,
  type RecordBody,
} from "./fastcgi/records.js";
export {
  FastCgiRequestDecoder,
  type FastCgiRequestDecoderOptions,
  type FastCgiRequestEvent,
} from "./fastcgi/request-decoder.js";
export { ResponseDecoder } from "./fastcgi/response-decoder.js";
export type { Limits } from "./limits.js";
export { encodeRequest as encodeScgiRequest } from "./scgi/client.js";
export { encodeNetstring, NetstringDecoder, type NetstringOptions } from "./scgi/netstring.js";
export { type ScgiRequest, ScgiRequestDecoder } from "./scgi/server.js";
export { encodePacket as encodeUwsgiPacket, type UwsgiPacketInit } from "./uwsgi/encode.js";
export {
  type UwsgiDecoderOptions,
  type UwsgiPacket,
  UwsgiPacketDecoder,
} from "./uwsgi/packet-decoder.js";
