import { record } from "../lib/records.mjs";

const pair = (name, value) =>
  Buffer.concat([Buffer.from([name.length, value.length]), Buffer.from(name + value)]);

/** A request for a plain status page that does not keep the connection. */
export const statusRequest = Buffer.concat([
  record(1, new Uint8Array([0, 1, 0, 0, 0, 0, 0, 0])),
  record(
    4,
    Buffer.concat([
      pair("SCRIPT_NAME", "/status"),
      pair("SCRIPT_FILENAME", "/status"),
      pair("QUERY_STRING", ""),
      pair("REQUEST_METHOD", "GET"),
    ]),
  ),
  record(4, new Uint8Array(0)),
  record(5, new Uint8Array(0)),
]);
