import type { Protocol } from "../address.js";

/** The protocols whose connections are captured. */
export type CapturedProtocol =
  | typeof Protocol.FastCgi
  | typeof Protocol.Scgi
  | typeof Protocol.Uwsgi;

/** Who sent bytes: the client (a front end), or the backend (the application). */
export type CapturedSide = "client" | "backend";

/** What a capture holds of a connection, which it numbers from 1. */
export type CaptureEvent =
  /** The connection has a name: who is connected with whom. */
  | {
      kind: "begun";
      connection: number;
      name: string;
      /** Whether the capture has its first bytes. */
      fromStart: boolean;
    }
  /** Bytes of a side, which follow those before. */
  | { kind: "bytes"; connection: number; side: CapturedSide; bytes: Uint8Array }
  /** Bytes of a side that the capture does not hold. */
  | { kind: "missing"; connection: number; side: CapturedSide; length: number; reason: string }
  | { kind: "closed"; connection: number };

/** Reads a file of captured bytes, in pieces of any length. */
export interface CaptureFileReader {
  /** The protocol of all connections, where the file names it. */
  readonly protocol?: CapturedProtocol | undefined;
  /** What the file has besides connections, such as `packets without TCP 3`. */
  readonly others?: readonly string[];
  /**
   * Takes the next bytes, and yields what they complete. Iterate to the end: bytes are taken as the
   * events are.
   *
   * @throws GatewayError `malformed` or `limit_exceeded`, with the offset in the file, after the
   * events before it
   */
  push(bytes: Uint8Array): Iterable<CaptureEvent>;
  /**
   * Takes the end of the file.
   *
   * @throws GatewayError `truncated` inside a frame, after the events before it
   */
  end(): Iterable<CaptureEvent>;
}
