import { latin1 } from "../../bytes.js";
import type { Engine } from "../../engine/engine.js";
import { LineReader } from "../../engine/line-reader.js";
import { LineKind } from "../../engine/memory.js";
import { defaultEngine } from "../../engine/select.js";
import {
  beginCache,
  isManaged,
  readBalancerField,
  readCacheField,
  StatusSections,
  splitManaged,
} from "./module-lines.js";
import { notATextPage } from "./not-a-status-page.js";
import { readScoreboard, type Scoreboard } from "./scoreboard.js";
import type { ServerStatus, UnknownField } from "./server-status.js";
import {
  fieldByHash,
  fieldByKey,
  type StatusField,
  statusFields,
  statusOf,
} from "./status-fields.js";

/**
 * Reads httpd's `/server-status?auto`, of version 2.2 or later. The first line with a key counts.
 * A line in the section of a module does not change fields outside of it.
 *
 * @throws GatewayError `truncated` if the page ends early; `not_a_status_page`, `page_not_found`,
 * `access_denied`, `server_busy` or `bad_status` if it is something else, with a message that says what
 */
export function parseServerStatus(
  page: Uint8Array,
  engine: Engine = defaultEngine(),
): ServerStatus {
  return new TextPageReader(page, engine).read();
}

const COUNT = statusFields.length;
const BUSY = fieldByKey("BusyWorkers") as StatusField;
const IDLE = fieldByKey("IdleWorkers") as StatusField;

class TextPageReader {
  readonly #engine: Engine;
  readonly #lines: LineReader;
  readonly #sections = new StatusSections();
  /** The values of the fields that were read, by slot. */
  readonly #numbers = new Array<number | undefined>(COUNT);
  readonly #texts = new Array<string | undefined>(COUNT);
  /** 1 for each field that was read, by index. */
  readonly #seen = new Uint8Array(COUNT);
  #scoreboard: Scoreboard | undefined;
  /** The cache whose section the current line belongs to. */
  #section: StatusSections["socache"];

  constructor(page: Uint8Array, engine: Engine) {
    this.#engine = engine;
    // A page in the engine's window is copied, because counting a scoreboard overwrites the window.
    const isInMemory = page.buffer === engine.memory.buffer;
    this.#lines = new LineReader(isInMemory ? page.slice() : page, engine);
  }

  read(): ServerStatus {
    const lines = this.#lines;
    const sections = this.#sections;
    if (lines.next()) this.#readFirstLine();
    while (lines.next()) this.#readLine();
    if (this.#seen[BUSY.index] === 0) {
      throw notATextPage(lines.page, this.#seen.includes(1));
    }
    // httpd ends every line with a newline, except some of mod_md's.
    if (lines.end === lines.page.length && !isManaged(keyText(lines))) {
      sections.warnings.push("the page ends inside a line");
    }
    if (this.#scoreboard === undefined) sections.warnings.push("the page has no scoreboard");
    return statusOf(this.#numbers, this.#texts, this.#scoreboard, sections);
  }

  /** The server's name since 2.4.16: any text that the client sent as Host. */
  #readFirstLine(): void {
    if (this.#field() === undefined) this.#sections.serverName = lineText(this.#lines);
    else this.#readLine();
  }

  #field(): StatusField | undefined {
    const lines = this.#lines;
    if (lines.kind === LineKind.Bare) return undefined;
    return fieldByHash(lines.keyHash) ?? fieldByKey(keyText(lines));
  }

  #readLine(): void {
    const lines = this.#lines;
    if (this.#section === undefined) {
      const field = this.#field();
      if (field !== undefined) {
        this.#readField(field);
        return;
      }
    }
    if (lines.end === lines.start) return;
    if (lines.kind === LineKind.Bare) this.#readBareLine(lineText(lines));
    else this.#readModuleLine(keyText(lines), valueText(lines));
  }

  #readBareLine(line: string): void {
    const section = beginCache(line, this.#sections);
    if (section !== undefined) {
      this.#section = section;
    } else if (this.#section !== undefined && line === "NotAvailable") {
      this.#section.available = false;
    } else {
      this.#keep(line, "");
    }
  }

  #readModuleLine(key: string, value: string): void {
    if (isManaged(key)) {
      const { fields, title } = splitManaged(key, value);
      this.#sections.managed.push(...fields);
      if (title !== undefined) this.#section = beginCache(title, this.#sections);
    } else if (readBalancerField(this.#sections.proxyBalancers, key, value)) {
      this.#section = undefined;
    } else if (this.#section === undefined || !readCacheField(this.#section, key, value)) {
      this.#keep(key, value);
    }
  }

  #keep(...field: UnknownField): void {
    (this.#section?.other ?? this.#sections.other).push(field);
  }

  #readField(field: StatusField): void {
    const lines = this.#lines;
    const { index, slot } = field;
    if (this.#seen[index] === 1) {
      this.#readAgain(field);
      return;
    }
    this.#seen[index] = 1;
    switch (field.kind) {
      case "text":
        this.#texts[slot] = valueText(lines).trimEnd();
        break;
      case "number":
        this.#numbers[slot] = this.#number() ?? this.#numbers[slot];
        break;
      case "kilobytes": {
        const kilobytes = this.#number();
        if (kilobytes !== undefined) this.#numbers[slot] = kilobytes * 1024;
        break;
      }
      case "load":
        // httpd prints -1.00 if the system has no load average.
        if (lines.kind !== LineKind.Number) this.#numbers[slot] = this.#number();
        else if (lines.number >= 0) this.#numbers[slot] = lines.number;
        break;
      case "scoreboard":
        this.#scoreboard = readScoreboard(lines.page, lines.valueStart, lines.end, this.#engine);
    }
  }

  #readAgain(field: StatusField): void {
    const lines = this.#lines;
    if (field === BUSY && this.#sections.asyncBusyWorkers === undefined) {
      this.#sections.asyncBusyWorkers = this.#number();
    } else if (field === IDLE && this.#sections.asyncIdleWorkers === undefined) {
      this.#sections.asyncIdleWorkers = this.#number();
    } else {
      this.#keep(keyText(lines), valueText(lines));
    }
  }

  /** The value as a number; for anything else, and for negative numbers, `undefined` with a warning. */
  #number(): number | undefined {
    const lines = this.#lines;
    if (lines.kind === LineKind.Number && lines.number >= 0) return lines.number;
    const value = valueText(lines);
    if (lines.kind === LineKind.Long) {
      const number = Number(value);
      if (number >= 0 && number < Number.POSITIVE_INFINITY) return number;
    }
    const shown = JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
    this.#sections.warnings.push(`${keyText(lines)} is not a number: ${shown}`);
    return undefined;
  }
}

function keyText({ page, start, keyEnd }: LineReader): string {
  return latin1(page, start, keyEnd);
}

function valueText({ page, valueStart, end }: LineReader): string {
  return latin1(page, valueStart, end);
}

function lineText({ page, start, end }: LineReader): string {
  return latin1(page, start, end);
}
