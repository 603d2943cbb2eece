import { AcceptQueues } from "../transport/accept-queues.js";
import { FrontEnds } from "./front-ends.js";
import { DoctorProcesses } from "./processes.js";
import { SocketTable } from "./sockets.js";

/** What examinations of many pools read once for all of them. */
export class Machine {
  readonly queues = new AcceptQueues(50);
  readonly processes = new DoctorProcesses();
  readonly frontEnds = new FrontEnds();
  #reading: Promise<unknown> = Promise.resolve();
  #next: Promise<SocketTable> | undefined;

  /** The kernel's tables of sockets, read after this call. Calls that wait share one reading. */
  sockets(): Promise<SocketTable> {
    this.#next ??= this.#reading.then(() => {
      this.#next = undefined;
      const table = SocketTable.read();
      this.#reading = table;
      return table;
    });
    return this.#next;
  }
}
