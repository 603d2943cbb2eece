// Sockets of Bun as pairs of Web Streams, for Bun.listen and Bun.connect: bun examples/bun-serve.ts
import type { Socket, SocketHandler } from "bun";
import type { AcceptedStreams } from "fcgi-probe/edge";

/** The far ends of a socket's two streams. */
interface Ends {
  received: ReadableStreamDefaultController<Uint8Array>;
  hasEnded: boolean;
  isPaused: boolean;
  /** Continues a write that waits for the peer. */
  drained: () => void;
}

/** Calls `opened` with the streams of each socket that opens. */
export function streamHandlers(opened: (streams: AcceptedStreams) => void): SocketHandler<Ends> {
  const end = ({ data }: Socket<Ends>) => {
    if (!data.hasEnded) data.received.close();
    data.hasEnded = true;
    data.drained();
  };
  const open = (socket: Socket<Ends>) => {
    const start = (received: Ends["received"]) => {
      socket.data = { received, hasEnded: false, isPaused: false, drained: () => {} };
    };
    const pull = () => {
      if (!socket.data.isPaused) return;
      socket.data.isPaused = false;
      socket.resume();
    };
    const cancel = () => {
      socket.data.hasEnded = true;
      socket.end();
    };
    const write = async (bytes: Uint8Array) => {
      for (let sent = 0; sent < bytes.length; ) {
        const written = socket.write(bytes.subarray(sent));
        if (written < 0) throw new Error("the connection is closed");
        sent += written;
        if (sent < bytes.length) await new Promise<void>((go) => (socket.data.drained = go));
      }
    };
    const room = new ByteLengthQueuingStrategy({ highWaterMark: 65_536 });
    opened({
      readable: new ReadableStream({ start, pull, cancel }, room),
      writable: new WritableStream({
        write,
        close: () => socket.end(),
        abort: () => socket.terminate(),
      }),
    });
  };
  const data = (socket: Socket<Ends>, bytes: Uint8Array) => {
    if (socket.data.hasEnded) return;
    socket.data.received.enqueue(bytes);
    socket.data.isPaused = (socket.data.received.desiredSize ?? 0) <= 0;
    if (socket.data.isPaused) socket.pause();
  };
  return { open, data, end, close: end, drain: (socket) => socket.data.drained() };
}
