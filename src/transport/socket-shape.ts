import net from "node:net";
import { nodeMajor } from "./node-major.js";

/** Sockets behind which a process is taken to open many. */
const MANY = 32;

/**
 * Node 20 copies the options of every socket that it makes. V8 11 makes such a copy fast by what it
 * knows of a few shapes of options, and gives each a hidden class of its own: then whatever reads
 * the options, forty places in Node, looks each up anew, which is 9 µs of every connection, a
 * quarter of what Node takes for one. Once it has seen more shapes than it keeps, it copies field by
 * field, and all copies are of one class. Node 22 has no need of this.
 */
const isNeeded = nodeMajor < 22;
const shapes: net.SocketConstructorOpts[] = [
  { allowHalfOpen: false },
  { readable: false },
  { writable: false },
  { allowHalfOpen: false, readable: false },
  { allowHalfOpen: false, writable: false },
  { readable: false, writable: false },
];
/** V8 takes no notes of a function before it has run a few times. */
const TIMES = 8;

let isDone = !isNeeded;
let opened = 0;

/** Makes further sockets cheaper, of servers and clients. Takes a millisecond, once in a process. */
export function shareSocketShape(): void {
  if (isDone) return;
  isDone = true;
  for (let time = 0; time < TIMES; time++) {
    for (const options of shapes) new net.Socket(options);
  }
}

/** Counts a socket that is made, for a process that may be about to make many. */
export function countSocket(): void {
  opened += 1;
  if (opened === MANY) shareSocketShape();
}
