import { createWriteStream, openSync, rmSync, type WriteStream } from "node:fs";
import { noBytes } from "../bytes.js";
import { encodeCaptureStart, encodeFrame } from "../capture/tap-capture.js";
import { ErrorCode, GatewayError } from "../errors.js";
import type { RelaySide } from "./observer.js";
import type { TappedProtocol } from "./tapped-request.js";

/** Bytes that may wait to be written. A disk that is slower ends the capture, not the connections. */
const MAX_WAITING = 33_554_432;
/** The longest capture: 4 GiB. */
const MAX_LENGTH = 4_294_967_296;

/** A file that the bytes of all connections are saved to. */
export class CaptureFile {
  readonly #path: string;
  readonly #stream: WriteStream;
  readonly #onStopped: (reason: string) => void;
  #length = 0;
  #isStopped = false;

  /**
   * Creates the file. Requests have passwords and cookies in them: only its owner may read it.
   *
   * @param onStopped is called when the capture ends early; the file is complete up to there
   * @throws GatewayError `bad_input` when it cannot be created, or exists
   */
  constructor(path: string, protocol: TappedProtocol, onStopped: (reason: string) => void) {
    this.#path = path;
    this.#onStopped = onStopped;
    const fd = openNew(path);
    this.#stream = createWriteStream("", { fd });
    this.#stream.on("error", (error) => this.#stop(error.message));
    this.#write(encodeCaptureStart(protocol));
  }

  bytes(connection: number, side: RelaySide, content: Uint8Array): void {
    if (!this.#isStopped) this.#write(encodeFrame(connection, side, content));
  }

  closed(connection: number): void {
    if (!this.#isStopped) this.#write(encodeFrame(connection, "closed", noBytes));
  }

  /** Resolves when everything is written. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stream.destroyed) resolve();
      else {
        this.#stream.once("close", resolve);
        this.#stream.end();
      }
    });
  }

  /** Closes and removes the file, which has no connection in it. */
  async remove(): Promise<void> {
    await this.close();
    rmSync(this.#path, { force: true });
  }

  #write(bytes: Uint8Array): void {
    if (this.#stream.writableLength + bytes.length > MAX_WAITING) {
      this.#stop("the disk is too slow");
    } else if (this.#length + bytes.length > MAX_LENGTH) {
      this.#stop("it has 4 GiB");
    } else {
      this.#length += bytes.length;
      this.#stream.write(bytes);
    }
  }

  #stop(reason: string): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#onStopped(`nothing more is saved: ${reason}`);
  }
}

function openNew(path: string): number {
  try {
    return openSync(path, "wx", 0o600);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const isThere = code === "EEXIST";
    throw new GatewayError(ErrorCode.BadInput, isThere ? `${path} exists` : message, {
      cause,
      hint: isThere
        ? "remove it, or save to another file"
        : "give the path of a new file, in a folder that this user may write to",
    });
  }
}
