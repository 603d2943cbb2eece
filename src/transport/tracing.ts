import { WINDOW } from "../engine/memory.js";
import { engine } from "../engine/select.js";
import type { Connector } from "./connection.js";

/** Sees the bytes of a connection: a view, valid until it returns. */
export type Trace = (direction: "sent" | "received", bytes: Uint8Array) => void;

/** A connector whose connections show every byte, both ways, before it is acted on. */
export function tracingConnector(connector: Connector, trace: Trace): Connector {
  const { memory } = engine();
  return (handlers) => {
    const connection = connector({
      connected: () => handlers.connected(),
      drained: () => handlers.drained(),
      closed: (error) => handlers.closed(error),
      data: (length) => {
        trace("received", memory.subarray(WINDOW, WINDOW + length));
        handlers.data(length);
      },
    });
    return {
      write: (parts) => {
        for (const part of parts) trace("sent", part);
        return connection.write(parts);
      },
      pause: () => connection.pause(),
      resume: () => connection.resume(),
      destroy: () => connection.destroy(),
    };
  };
}
