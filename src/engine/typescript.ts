import type { Engine } from "./engine.js";
import { MEMORY_SIZE, viewMemory } from "./memory.js";
import { countScoreboard } from "./typescript/count-scoreboard.js";
import { demultiplex } from "./typescript/demultiplex.js";
import { demultiplexConnection } from "./typescript/demultiplex-connection.js";
import { splitHeaders } from "./typescript/split-headers.js";
import { splitLines } from "./typescript/split-lines.js";
import { splitNetstrings } from "./typescript/split-netstrings.js";
import { splitPackets } from "./typescript/split-packets.js";
import { splitPairs } from "./typescript/split-pairs.js";
import { splitVariables } from "./typescript/split-variables.js";

/**
 * An engine without WebAssembly: the reference, and what runs where WebAssembly cannot.
 *
 * @param bytes the memory to work on, at least {@link MEMORY_SIZE} bytes, aligned to 8
 * @throws RangeError where it is shorter or not aligned
 */
export function createTypeScriptEngine(bytes: Uint8Array = new Uint8Array(MEMORY_SIZE)): Engine {
  const memory = viewMemory(bytes);
  return {
    name: "typescript",
    memory: memory.bytes,
    state: memory.state,
    results: memory.results,
    table: memory.table,
    numbers: memory.numbers,
    demultiplex: (start, length) => demultiplex(memory, start, length),
    demultiplexConnection: (start, length) => demultiplexConnection(memory, start, length),
    splitPairs: (start, length) => splitPairs(memory, start, length),
    splitNetstrings: (start, length, most) => splitNetstrings(memory, start, length, most),
    splitHeaders: (start, length) => splitHeaders(memory, start, length),
    splitPackets: (start, length, most) => splitPackets(memory, start, length, most),
    splitVariables: (start, length) => splitVariables(memory, start, length),
    countScoreboard: (start, length) => countScoreboard(memory, start, length),
    splitLines: (start, length, final) => splitLines(memory, start, length, final),
  };
}
