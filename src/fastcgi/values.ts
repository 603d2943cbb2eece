import type { Variable } from "../cgi/variable.js";
import { encodeRecord } from "./encode.js";
import { encodePairs } from "./pairs.js";
import { NULL_REQUEST_ID, RecordType } from "./protocol.js";

/** What an application tells about itself (FastCGI 1.0 §4.1). */
export interface ApplicationValues {
  /** FCGI_MAX_CONNS: connections at once. */
  maxConnections: number;
  /** FCGI_MAX_REQS: requests at once. */
  maxRequests: number;
  /** FCGI_MPXS_CONNS: whether a connection may carry several requests at once. */
  multiplex: boolean;
}

/** GET_VALUES_RESULT: what was asked for, once each, without the names that are unknown to us. */
export function encodeValuesResult(
  asked: Iterable<string>,
  { maxConnections, maxRequests, multiplex }: ApplicationValues,
): Uint8Array {
  const known = new Map([
    ["FCGI_MAX_CONNS", `${maxConnections}`],
    ["FCGI_MAX_REQS", `${maxRequests}`],
    ["FCGI_MPXS_CONNS", multiplex ? "1" : "0"],
  ]);
  const values: Variable[] = [];
  for (const name of new Set(asked)) {
    const value = known.get(name);
    if (value !== undefined) values.push([name, value]);
  }
  return encodeRecord(RecordType.GetValuesResult, NULL_REQUEST_ID, encodePairs(values));
}
