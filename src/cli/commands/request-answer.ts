import { latin1, latin1Bytes, utf8 } from "../../bytes.js";
import type { GatewayResponse } from "../../client/response-receiver.js";
import { ErrorCode, GatewayError } from "../../errors.js";
import { visible, visibleLines } from "../../terminal/text.js";
import { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";

const unknownScript =
  "php-fpm finds no such script: give its absolute path by --script, as php-fpm sees it: in its container or chroot, and with its user's permissions";

/** Writes the body of a response, and the problems with it. */
export async function showResponse(
  response: GatewayResponse,
  target: string,
  errors: ErrorLines,
  io: Io,
): Promise<ExitCode> {
  let length = 0;
  for await (const piece of response.body ?? []) {
    length += piece.length;
    await io.stdout.write(piece);
  }
  const { appStatus } = await response.ended;
  await errors.end();
  const problems: string[] = [];
  if (response.status >= 400) {
    problems.push(`the application answered ${response.status} ${response.statusText}`.trimEnd());
  }
  if (appStatus !== 0) problems.push(`the application reported the status ${appStatus}`);
  const lines = [...problems, ...lengthWarning(response, length)];
  if (lines.length > 0 && io.stderr.isTerminal) await io.stdout.endLine();
  const name = `${io.stderr.style.bad("fcgi-probe:")} ${visible(target)}:`;
  const hint = errors.scriptIsUnknown ? [`hint: ${unknownScript}`] : [];
  await io.stderr.writeLines([...lines.map((text) => `${name} ${visible(text)}`), ...hint]);
  await io.stderr.endLine();
  return problems.length > 0 ? ExitCode.Failed : ExitCode.Fine;
}

/** FastCGI marks the end of a response, so its body may be complete and still differ in length. */
function lengthWarning({ body, headers }: GatewayResponse, length: number): string[] {
  const promised = headers.get("content-length");
  if (body === null || promised === null || Number(promised) === length) return [];
  return [`warning: the body has ${length} bytes, but its Content-Length is ${promised}`];
}

/** Adds the option to the error for a head that is too long: the only limit with an offset. */
export function explainLimit(error: unknown): never {
  if (!(error instanceof GatewayError) || error.code !== ErrorCode.LimitExceeded) throw error;
  const { code, message, offset, address, stderr } = error;
  if (offset === undefined) throw error;
  const hint = "if the application needs such a head, allow more with --max-head";
  throw new GatewayError(code, message, { hint, offset, address, stderr, cause: error });
}

/** A longer line is written before it ends. In characters. */
const MAX_LINE = 65_536;
/** Milliseconds to wait for the rest of a line. */
const PAUSE = 200;
/** php-fpm writes this between two messages, instead of a line end. */
const separator = /; (?=PHP message: )/g;

/**
 * Writes the error stream of an application to standard error, as it arrives, with each message on
 * a line of its own.
 */
export class ErrorLines {
  /** Whether php-fpm has said that it cannot open the script. */
  scriptIsUnknown = false;
  readonly #io: Io;
  /** The start of an unfinished line, as ISO-8859-1. */
  #line = "";
  /** Whether the previous line was ended here, and not by the application. */
  #cut = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(io: Io) {
    this.#io = io;
  }

  /** Takes the next bytes, and writes the lines that end in them. */
  async push(bytes: Uint8Array): Promise<void> {
    clearTimeout(this.#timer);
    let text = this.#line + latin1(bytes);
    if (this.#cut && this.#line === "") text = text.replace(/^; (?=PHP message: )|^\n/, "");
    text = text.replace(separator, "\n");
    const end = text.length > MAX_LINE ? text.length : text.lastIndexOf("\n") + 1;
    this.#line = text.slice(end);
    if (end > 0) this.#cut = false;
    if (this.#line !== "") this.#timer = setTimeout(() => void this.end(), PAUSE);
    await this.#write(text.slice(0, end));
  }

  /** Writes the unfinished line, if there is one, and ends it. */
  async end(): Promise<void> {
    clearTimeout(this.#timer);
    const line = this.#line;
    this.#line = "";
    if (line === "") return;
    this.#cut = true;
    await this.#write(`${line}\n`);
  }

  async #write(text: string): Promise<void> {
    if (text === "") return;
    if (text.includes("Primary script unknown")) this.scriptIsUnknown = true;
    const bytes = latin1Bytes(text);
    const { stdout, stderr } = this.#io;
    if (!stderr.isTerminal) {
      await stderr.write(bytes);
      return;
    }
    await stdout.endLine();
    await stderr.write(visibleLines(utf8(bytes)));
  }
}
