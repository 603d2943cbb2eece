/**
 * How a page format writes a process. Between these marks stand texts that whoever sent a request
 * may choose, newlines and quotes included, and PHP escapes few of them or none.
 */
export interface Grammar {
  /** Global; from a block's first byte to the method's first. Groups as in {@link Head}. */
  readonly head: RegExp;
  /** Between the method and the URI. */
  readonly beforeUri: string;
  /** Global; from the URI's end to the user's first byte. Group `length`: the content length. */
  readonly beforeUser: RegExp;
  /** Between the user and the script. */
  readonly beforeScript: string;
  /** How the tail begins, with `last request cpu` and, for early PHP 5, without it. */
  readonly beforeTail: readonly [string, string];
  /** Sticky; from the script's end to the block's. Groups `cpu` and `memory`. */
  readonly tail: RegExp;
  /** How many bytes escaping makes of one, at most. */
  readonly growth: { readonly path: number; readonly query: number };
  /** What an escaped text does not have: where it stands, nothing has grown. */
  readonly raw: string;
  /** Where the URI that starts here ends, when its escaping leaves no doubt. */
  readonly uriEnd?: (letters: string, start: number) => number | undefined;
  readonly decodeUri: (uri: string) => string;
  /** The same of the other texts of a request. */
  readonly decode: (text: string) => string;
  /** Global; a key that is not known and, at the end of the match, its value. */
  readonly others: RegExp;
}

/** The start of a process: fields that no request can write to. */
export interface Head {
  readonly pid: string;
  readonly state: string;
  readonly startTime: string;
  readonly startSince: string;
  readonly requests: string;
  readonly duration: string;
}

/** A process on the page: head from `start` to `body`, foreign texts to `tail`, the tail to `end`. */
export interface Block {
  readonly start: number;
  readonly body: number;
  readonly head: Head;
  tail: number;
  end: number;
  /** Whether its texts hold the head of a process. */
  holdsHead: boolean;
}

/** A page as bytes, and as a string of one letter for each byte: offsets agree. */
export interface PageText {
  readonly bytes: Uint8Array;
  readonly letters: string;
}

/** windows-1252, the "latin1" of the Encoding standard, has one UTF-16 unit for every byte. */
const decoder = new TextDecoder("latin1");

export function pageText(bytes: Uint8Array): PageText {
  return { bytes, letters: decoder.decode(bytes) };
}
