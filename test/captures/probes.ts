import type { Problem } from "./drive.js";

/** What probes are that are no FastCGI, and where. */
export const malformed = new Map<string, Partial<Problem>>([
  ["probes/15-version-0.c2s.bin", { code: "malformed", offset: 0 }],
  ["probes/16-version-2-begin.c2s.bin", { code: "malformed", offset: 0 }],
  ["probes/17-version-2-params.c2s.bin", { code: "malformed", offset: 16 }],
  ["probes/52-not-fastcgi-http.c2s.bin", { code: "malformed", offset: 0 }],
]);
/** Records of a fixed length that have another. */
export const wrongBodies = new Map<string, Partial<Problem>>([
  ["probes/55-begin-short-body.c2s.bin", { code: "malformed", offset: 0 }],
  ["probes/56-begin-long-body.c2s.bin", { code: "malformed", offset: 0 }],
]);
/** What ends inside a record. Where: at its start. */
export const truncated = new Map<string, Partial<Problem>>([
  ["probes/54-half-header-close.c2s.bin", { code: "truncated", offset: 0 }],
]);
