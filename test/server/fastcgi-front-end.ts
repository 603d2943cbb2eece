import { begin, endStdin, join, params, record, summaryOf } from "../fastcgi/records-of.js";
import { Peer } from "../harness/peer.js";
import { until } from "../harness/server-process.js";

/** An answer longer than this is looked at only when its last record is an END_REQUEST. */
const LONG_ANSWER = 1_000_000;
/** An END_REQUEST record, and where its type stands. */
const END_REQUEST = { length: 16, typeAt: 1, type: 3 };
/** What ends a connection so that no front end takes half an answer for a whole one. */
const CUT = Buffer.alloc(8);

/** A FastCGI front end that a test drives by hand. Records are lines such as `1 stdout hello`. */
export class FastCgiFrontEnd extends Peer {
  /** Waits until a request has ended, and returns the records that came. */
  async answer(id = 1): Promise<string[]> {
    let looked = -1;
    let lines: string[] = [];
    await until(
      () => {
        if (looked === this.length) return false;
        looked = this.length;
        if (looked > LONG_ANSWER && !this.#endsWithEndRequest()) return false;
        lines = this.#wholeRecords();
        return lines.some((line) => line.startsWith(`${id} end`));
      },
      () => `no END_REQUEST came, but ${this.received.slice(0, 500)}`,
      10_000,
    );
    this.forget();
    return lines;
  }

  /** Waits until the server has closed; the last line is `cut` when it cut the answer off. */
  async records(milliseconds = 5_000): Promise<string[]> {
    await this.closed(milliseconds);
    const { bytes } = this;
    try {
      return summaryOf(bytes);
    } catch (error) {
      if (!bytes.subarray(-CUT.length).equals(CUT)) throw error;
      return [...summaryOf(bytes.subarray(0, -CUT.length)), "cut"];
    }
  }

  #endsWithEndRequest(): boolean {
    return this.tail(END_REQUEST.length)[END_REQUEST.typeAt] === END_REQUEST.type;
  }

  #wholeRecords(): string[] {
    try {
      return summaryOf(this.bytes);
    } catch {
      // More is to come.
      return [];
    }
  }
}

export const variables = (more: Readonly<Record<string, string>> = {}) => ({
  REQUEST_METHOD: "GET",
  REQUEST_URI: "/",
  HTTP_HOST: "app.test",
  ...more,
});

export const get = (more: Readonly<Record<string, string>> = {}, id = 1) =>
  join(begin(id), params(id, variables(more)), endStdin(id));

export const post = (length: number | string, more: Readonly<Record<string, string>> = {}) =>
  join(
    begin(1),
    params(1, variables({ REQUEST_METHOD: "POST", CONTENT_LENGTH: `${length}`, ...more })),
  );

/** What the first request was answered on stdout. */
export const text = (lines: readonly string[]) =>
  lines
    .filter((line) => line.startsWith("1 stdout "))
    .map((line) => line.slice("1 stdout ".length))
    .join("");

/** GET_VALUES for all that it knows, and how long the answer is. */
export const askForValues = record(
  9,
  0,
  "\x0f\0FCGI_MPXS_CONNS\x0e\0FCGI_MAX_CONNS\x0d\0FCGI_MAX_REQS",
);
export const VALUES_LENGTH = 72;
