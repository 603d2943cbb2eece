// What php-fpm 8.2 answered to GET /status: two records, 568 bytes.
import { hex, latin1 } from "./expect.mjs";

const head = [
  "X-Powered-By: PHP/8.2.35",
  "Expires: Thu, 01 Jan 1970 00:00:00 GMT",
  "Cache-Control: no-cache, no-store, must-revalidate, max-age=0",
  "Content-type: text/plain;charset=UTF-8",
  "",
  "",
].join("\r\n");

export const page = `\
pool:                 static
process manager:      static
start time:           20/Nov/2026:18:28:16 +0000
start since:          41
accepted conn:        4
listen queue:         0
max listen queue:     0
listen queue len:     0
idle processes:       3
active processes:     1
total processes:      4
max active processes: 1
max children reached: 0
slow requests:        0
`;

const stdout = latin1(head + page);
const padding = new Uint8Array(-stdout.length & 7);
// END_REQUEST's last three bytes are what php-fpm had in its buffer.
const end = hex("0103 0001 0008 0000  00000000 00 000000");

export const answer = Uint8Array.from([
  ...[1, 6, 0, 1, stdout.length >> 8, stdout.length & 255, padding.length, 0],
  ...stdout,
  ...padding,
  ...end,
]);
