import { strict as assert } from "node:assert";
import fc from "fast-check";
import type {
  Ending,
  RequestReceiver,
  ServerHandlers,
  ServerMachine,
  ServerRequest,
} from "../../src/cgi/server-machine.js";
import { GatewayError } from "../../src/errors.js";
import { join } from "../engine/bytes.js";

/** What an application does next, whatever it hears of. */
export const deeds = fc.array(
  fc.constantFrom("nothing", "nothing", "respond", "error", "end", "fail", "refuse"),
  { minLength: 1, maxLength: 8 },
);
type Deed = typeof deeds extends fc.Arbitrary<(infer One)[]> ? One : never;

/** What the owner of a connection does between two chunks. */
export const happenings = fc.array(
  fc.constantFrom(
    ...Array.from({ length: 8 }, () => "take" as const),
    "wake",
    "wake",
    "closed",
    "lost",
  ),
  {
    maxLength: 12,
  },
);
type Happening = typeof happenings extends fc.Arbitrary<(infer One)[]> ? One : never;

interface Watched {
  request: ServerRequest;
  /** What was called of the receiver, once each. */
  heard: Set<string>;
}

/**
 * A server's machine with an application that does anything at any time. It holds the machine to
 * what its interface promises, whatever the peer and the application do.
 */
export class WatchedServer {
  readonly machine: ServerMachine;
  readonly requests: Watched[] = [];
  ending: Ending | undefined;
  /** Whether the connection is of no use any more. */
  #over = false;
  /** Whether the peer sends no more. */
  #isClosed = false;
  #sent: Uint8Array[] = [];
  #received = 0;
  #bodies = 0;
  readonly #deeds: readonly Deed[];
  #next = 0;

  constructor(create: (handlers: ServerHandlers) => ServerMachine, deeds: readonly Deed[]) {
    this.#deeds = deeds;
    this.machine = create({
      request: (request) => this.#begin(request),
      send: (parts) => {
        assert(this.ending === undefined && !this.#over);
        for (const part of parts) this.#sent.push(part.slice());
      },
      close: (ending) => {
        assert(this.ending === undefined && !this.#over);
        this.ending = ending;
      },
      errorOutput: () => {},
    });
  }

  get sent(): Uint8Array {
    return join(...this.#sent);
  }

  /** Goes through what happens, the chunks in their order, and to the connection's end. */
  run(chunks: readonly Uint8Array[], happenings: readonly Happening[]): void {
    let left = chunks;
    for (const happening of happenings) {
      if (happening === "take") {
        const [chunk, ...rest] = left;
        left = rest;
        if (chunk !== undefined) this.#try(() => this.#take(chunk));
      } else if (happening === "wake") {
        for (const { request } of this.requests) this.#act(request);
      } else if (happening === "closed") {
        this.#try(() => this.#thrown(this.machine.closed()));
        this.#isClosed = true;
      } else this.#leave();
    }
    for (const chunk of left) this.#try(() => this.#take(chunk));
    this.#leave();
  }

  #take(chunk: Uint8Array): void {
    if (this.ending !== undefined || this.#isClosed) return;
    this.#received += chunk.length;
    this.machine.take(new Uint8Array(chunk));
  }

  #thrown(problem: GatewayError | undefined): void {
    assert(problem === undefined || problem instanceof GatewayError);
  }

  /** Runs what may throw a typed error, after which the connection is of no use. */
  #try(step: () => void): void {
    if (this.#over) return;
    try {
      step();
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.#leave();
    }
    const { active, receiving } = this.machine;
    assert(receiving >= 0 && active >= receiving);
    assert(this.ending === undefined || active === 0);
    assert(this.#bodies <= this.#received);
  }

  #leave(): void {
    if (this.#over) return;
    this.#over = true;
    this.machine.connectionLost();
    assert(this.machine.active === 0 && this.machine.receiving === 0);
    for (const { request, heard } of this.requests) {
      assert(request.ended);
      // What it did not end itself it was to hear of. None is heard of before it is there.
      assert(heard.has("aborted") || heard.has("ended itself"));
    }
  }

  #begin(request: ServerRequest): RequestReceiver {
    assert(this.ending === undefined);
    const heard = new Set<string>();
    this.requests.push({ request, heard });
    const first = (name: string) => {
      assert(!heard.has(name));
      assert(!heard.has("aborted"));
      heard.add(name);
    };
    const part = (bytes: Uint8Array, end: string) => {
      assert(!heard.has(end));
      assert(!heard.has("aborted"));
      assert(bytes.length > 0);
      this.#bodies += bytes.length;
      this.#act(request);
    };
    this.#act(request);
    return {
      body: (bytes) => part(bytes, "endBody"),
      data: (bytes) => part(bytes, "endData"),
      endBody: () => {
        first("endBody");
        this.#act(request);
      },
      endData: () => {
        first("endData");
        this.#act(request);
      },
      aborted: (error) => {
        assert(error instanceof GatewayError);
        heard.add("aborted");
        this.#act(request);
      },
    };
  }

  #act(request: ServerRequest): void {
    const deed = this.#deeds[this.#next++ % this.#deeds.length]!;
    if (deed === "nothing") return;
    const before = this.#sent.length;
    const hadEnded = request.ended;
    if (deed === "respond") request.respond(Uint8Array.of(1, 2, 3));
    else if (deed === "error") request.error(Uint8Array.of(4));
    else if (deed === "end") request.end();
    else if (deed === "fail") request.fail();
    else if (request.ended || !this.#answered(request)) request.refuse();
    if (hadEnded) assert(this.#sent.length === before);
    else if (request.ended) this.#heardOf(request)?.add("ended itself");
    if (deed === "respond" || deed === "error") this.#heardOf(request)?.add("answered");
  }

  #heardOf(request: ServerRequest): Set<string> | undefined {
    return this.requests.find((each) => each.request === request)?.heard;
  }

  /** Whether it is too late for refuse(). */
  #answered(request: ServerRequest): boolean {
    return this.#heardOf(request)?.has("answered") === true;
  }
}
