import type { Socket } from "node:net";
import { Variables } from "../cgi/variables.js";
import { variablesFromHttp } from "../cgi/variables-from-http.js";
import type { VariablesReader } from "./variables-reader.js";

/**
 * Reads the head of a connection's first HTTP request as far as it takes to tell a session. Whether
 * it is good is for the worker to say, whose parser reads it again.
 */
export class HttpHeadReader implements VariablesReader {
  readonly #socket: Socket;
  #text = "";
  #variables: Variables | undefined;
  #done = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get done(): boolean {
    return this.#done;
  }

  get variables(): Variables | undefined {
    return this.#variables;
  }

  push(chunk: Buffer): void {
    // The blank line may have begun in the chunk before. Empty lines may stand before the head.
    const looked = Math.max(0, this.#text.length - 3);
    this.#text = (this.#text + chunk.toString("latin1")).replace(/^[\r\n]+/, "");
    const end = this.#text.indexOf("\r\n\r\n", looked);
    if (end < 0) return;
    this.#done = true;
    this.#variables = variablesOf(this.#text.slice(0, end), this.#socket);
  }
}

function variablesOf(head: string, { remoteAddress }: Socket): Variables | undefined {
  const [first = "", ...lines] = head.split("\r\n");
  const match = /^(\S+) (\S+) HTTP\/(\d\.\d)$/.exec(first);
  if (match === null) return undefined;
  const [, method = "", target = "", version = ""] = match;
  const fields = lines.flatMap((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  try {
    return new Variables(variablesFromHttp({ method, target, version, fields }, { remoteAddress }));
  } catch {
    return undefined;
  }
}
