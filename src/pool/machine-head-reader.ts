import type { Protocol } from "../address.js";
import { ignoringReceiver, type ServerMachine } from "../cgi/server-machine.js";
import type { Variables } from "../cgi/variables.js";
import { engine } from "../engine/select.js";
import { serverMachineOf } from "../server/server-machines.js";
import type { WorkerServeOptions } from "./options.js";
import type { VariablesReader } from "./variables-reader.js";

/** Reads the variables of a connection's first request by its protocol's machine. */
export class MachineHeadReader implements VariablesReader {
  readonly #machine: ServerMachine;
  #variables: Variables | undefined;
  #done = false;

  constructor(protocol: Protocol, limits: WorkerServeOptions["limits"]) {
    const stop = (): void => {
      this.#done = true;
    };
    this.#machine = serverMachineOf(protocol)(
      {
        request: (request) => {
          // Not behind what wants an answer, even where both have come at once.
          if (!this.#done) this.#variables = request.variables;
          stop();
          return ignoringReceiver;
        },
        send: stop,
        close: stop,
      },
      { limits },
      engine(),
    );
  }

  get done(): boolean {
    return this.#done;
  }

  get variables(): Variables | undefined {
    return this.#variables;
  }

  push(chunk: Uint8Array): void {
    try {
      // A copy: the worker gets these bytes, too.
      this.#machine.take(new Uint8Array(chunk));
    } catch {
      // A worker will find the same fault, and answer it.
      this.#done = true;
    }
  }
}
