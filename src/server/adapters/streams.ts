import { utf8Bytes } from "../../bytes.js";
import { parseResponseLength, responseFromHead } from "../../cgi/response.js";
import { LocationForm, type ResponseHead } from "../../cgi/response-head.js";
import { ResponseHeadReader } from "../../cgi/response-head-reader.js";
import { ErrorCode, GatewayError } from "../../errors.js";
import { leaveToFrontEnd, type RequestSource } from "./local-redirect.js";

/** Makes a Response of a CGI response that is written to a stream. */
export class CgiOutput {
  /** Resolves when the head is complete, and rejects if it cannot be. */
  readonly response: Promise<Response>;
  readonly stream: WritableStream<string | Uint8Array>;
  readonly #source: RequestSource;
  readonly #head = new ResponseHeadReader();
  readonly #body: ReadableStream<Uint8Array>;
  #resolve!: (response: Response) => void;
  #reject!: (error: unknown) => void;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #hasHead = false;
  /** Whether the response has ended or failed. */
  #over = false;
  /** Why the body is no longer read. */
  #dropped: unknown;
  /** Writes that the stream has accepted and not finished. */
  #writes = 0;
  #onWritten: (() => void) | undefined;
  /** Whether the body's reader waits for bytes. */
  #wanted = false;
  #onWanted: (() => void) | undefined;

  /** @param source the request that is answered */
  constructor(source: RequestSource) {
    this.#source = source;
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#want(),
        cancel: (reason) => this.#drop(reason),
      },
      { highWaterMark: 0 },
    );
    const size = () => {
      this.#writes += 1;
      return 1;
    };
    this.stream = new WritableStream<string | Uint8Array>(
      {
        write: (chunk) => this.#write(chunk),
        close: () => this.#close(),
        abort: (reason) => this.fail(reason),
      },
      { highWaterMark: 1, size },
    );
  }

  /** Ends the response after all writes, whether or not their writer awaited them. */
  async end(): Promise<void> {
    while (this.#writes > 0 && !this.#over) {
      await new Promise<void>((resolve) => {
        this.#onWritten = resolve;
      });
    }
    this.#close();
  }

  /** Fails the response, or breaks it off after its head. */
  fail(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#reject(error);
    if (this.#dropped === undefined) this.#controller.error(error);
    this.#wake();
  }

  #close(): void {
    if (this.#over) return;
    if (!this.#hasHead) {
      this.fail(this.#head.closed());
      return;
    }
    this.#over = true;
    if (this.#dropped === undefined) this.#controller.close();
    this.#wake();
  }

  async #write(chunk: string | Uint8Array): Promise<void> {
    try {
      const bytes = typeof chunk === "string" ? utf8Bytes(chunk) : chunk;
      const body = this.#hasHead ? bytes : this.#readHead(bytes);
      if (body.length > 0) await this.#writeBody(body);
    } catch (error) {
      this.fail(error);
      throw error;
    }
    this.#writes -= 1;
    if (this.#writes === 0) this.#onWritten?.();
  }

  /** @returns the bytes after the head */
  #readHead(bytes: Uint8Array): Uint8Array {
    const head = this.#head.push(bytes);
    if (head === undefined) return new Uint8Array(0);
    this.#hasHead = true;
    checkLength(head);
    const response = responseFromHead(head, this.#body);
    if (head.locationForm === LocationForm.Local) leaveToFrontEnd(response, this.#source);
    if (response.body === null) this.#drop(undefined);
    this.#resolve(response);
    return bytes.subarray(head.bodyStart);
  }

  async #writeBody(bytes: Uint8Array): Promise<void> {
    while (!(this.#wanted || this.#over || this.#dropped !== undefined)) {
      await new Promise<void>((resolve) => {
        this.#onWanted = resolve;
      });
    }
    if (this.#dropped !== undefined) throw this.#dropped;
    if (this.#over) return;
    this.#wanted = false;
    // A copy: a writer may use its buffer again as soon as its write has settled.
    this.#controller.enqueue(bytes.slice());
  }

  #want(): void {
    this.#wanted = true;
    this.#onWanted?.();
  }

  #drop(reason: unknown): void {
    this.#dropped ??=
      reason ?? new GatewayError(ErrorCode.Aborted, "the body of this response is not read");
    this.#wake();
  }

  #wake(): void {
    this.#onWanted?.();
    this.#onWritten?.();
  }
}

/**
 * Checks an application's Content-Length. {@link responseFromHead} leaves out an invalid one, as a
 * client must for a backend's. In an application it is a mistake to report.
 *
 * @throws GatewayError `bad_input`
 */
function checkLength(head: ResponseHead): void {
  const lengths = new Set<string>();
  for (const [name, value] of head.headers) {
    if (name.toLowerCase() === "content-length") lengths.add(value);
  }
  if (lengths.size > 0) parseResponseLength([...lengths].join(", "));
}
