/** What the module exports: the jobs that src/engine/engine.ts describes, and its memory. */
export { demultiplex, demultiplexConnection } from "./fastcgi";
export { splitLines } from "./lines";
export { splitHeaders, splitNetstrings } from "./netstring";
export { splitPairs } from "./pairs";
export { countScoreboard } from "./scoreboard";
export { splitPackets, splitVariables } from "./uwsgi";
