import { ByteCollector, checkBytes, latin1 } from "../bytes.js";
import { PackedVariables } from "../cgi/packed-variables.js";
import { beginsLikeHttp } from "../cgi/spoken-protocol.js";
import { Variables } from "../cgi/variables.js";
import type { Engine } from "../engine/engine.js";
import {
  FrameFlag,
  FrameRow,
  PacketState,
  PairRow,
  ROW_WORDS,
  STATE_WORDS,
  TABLE_ROWS,
  TableResult,
  WINDOW,
  WINDOW_SIZE,
} from "../engine/memory.js";
import { defaultEngine } from "../engine/select.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { carriesVariables, MAX_DATA_SIZE, PACKET_HEADER_LENGTH } from "./protocol.js";

export interface UwsgiDecoderOptions {
  /** Bytes that the content of a packet may have, like uWSGI's `buffer-size`. Default: 65,535. */
  limit?: number | undefined;
}

/** A uwsgi packet. */
export interface UwsgiPacket {
  modifier1: number;
  modifier2: number;
  /** The variables; none for a modifier1 whose content is not variables. */
  variables: Variables;
  /** A copy of the content if it is not variables, else empty. */
  content: Uint8Array;
  /** A view of the bytes after the packet in the same chunk. */
  rest: Uint8Array;
}

/** Decodes uwsgi packets, one after the other, in chunks of any length. */
export class UwsgiPacketDecoder {
  readonly #engine: Engine;
  readonly #limit: number;
  readonly #state = new Int32Array(STATE_WORDS);
  readonly #collected = new ByteCollector();
  #received = 0;
  /** The offset of the packet in the connection. */
  #packetStart = 0;

  constructor(options: UwsgiDecoderOptions = {}, engine: Engine = defaultEngine()) {
    this.#engine = engine;
    this.#limit = Math.min(options.limit ?? MAX_DATA_SIZE, MAX_DATA_SIZE);
  }

  /**
   * Takes the next bytes.
   *
   * @returns the packet once it is complete
   * @throws GatewayError `malformed` with the offset in the connection, `limit_exceeded`, or
   * `wrong_protocol` when the peer speaks HTTP. The decoder cannot be used afterwards
   */
  push(bytes: Uint8Array): UwsgiPacket | undefined {
    checkBytes("bytes", bytes);
    const { memory } = this.#engine;
    const input = bytes.buffer === memory.buffer ? bytes.slice() : bytes;
    for (let offset = 0; offset < input.length; ) {
      const piece = input.subarray(offset, offset + WINDOW_SIZE);
      memory.set(piece, WINDOW);
      const taken = this.#run(piece.length);
      offset += taken.consumed;
      if (taken.packet !== undefined) return { ...taken.packet, rest: input.subarray(offset) };
    }
    return undefined;
  }

  /**
   * Takes the end of the connection, which is valid between packets.
   *
   * @throws GatewayError `truncated` inside a packet
   */
  end(): void {
    if (this.#state[PacketState.HeaderLength] === 0) return;
    throw new GatewayError(
      ErrorCode.Truncated,
      `the bytes end inside a uwsgi packet, after ${this.#received}`,
      { offset: this.#received },
    );
  }

  #run(length: number): { consumed: number; packet?: Omit<UwsgiPacket, "rest"> } {
    const { memory, state, results, table } = this.#engine;
    if (this.#state[PacketState.HeaderLength] === 0) this.#packetStart = this.#received;
    state.set(this.#state);
    const rows = this.#engine.splitPackets(WINDOW, length, 1);
    this.#state.set(state);
    const consumed = results[TableResult.Consumed]!;
    const complete = results[TableResult.Complete] === 1;
    this.#received += consumed;
    if (rows === 0) {
      if (this.#state[PacketState.HeaderLength] === PACKET_HEADER_LENGTH) {
        this.#checkHeader(this.#state[PacketState.Header]!);
      }
      return { consumed };
    }
    const start = table[FrameRow.Start]!;
    const size = table[FrameRow.Length]!;
    const head = table[FrameRow.Head]!;
    const begins = (table[FrameRow.Flags]! & FrameFlag.Begins) !== 0;
    if (begins) this.#checkHeader(head);
    if (complete && begins) return { consumed, packet: this.#packet(head, start, size) };
    this.#collected.push(memory.subarray(start, start + size));
    if (!complete) return { consumed };
    const content = this.#collected.take();
    memory.set(content, WINDOW);
    return { consumed, packet: this.#packet(head, WINDOW, content.length) };
  }

  #checkHeader(head: number): void {
    const greeting = latin1(Uint8Array.of(head, head >>> 8, head >>> 16, head >>> 24));
    if (beginsLikeHttp(greeting)) {
      throw new GatewayError(ErrorCode.WrongProtocol, "the peer speaks HTTP, not uwsgi", {
        offset: this.#packetStart,
      });
    }
    const size = (head >>> 8) & 0xffff;
    if (size <= this.#limit) return;
    throw new GatewayError(
      ErrorCode.LimitExceeded,
      `the uwsgi packet has ${size} bytes, more than the limit of ${this.#limit}`,
      { offset: this.#packetStart },
    );
  }

  /** The packet whose content lies in the window completely. */
  #packet(head: number, start: number, size: number): Omit<UwsgiPacket, "rest"> {
    const modifier1 = head & 0xff;
    const modifier2 = head >>> 24;
    if (carriesVariables(modifier1)) {
      const variables = this.#variables(start, size);
      return { modifier1, modifier2, variables, content: new Uint8Array(0) };
    }
    const content = this.#engine.memory.slice(start, start + size);
    return { modifier1, modifier2, variables: new Variables(), content };
  }

  #variables(start: number, size: number): Variables {
    let packed = this.#splitSome(start, 0, size);
    let taken = this.#consumed;
    if (taken === size) return new Variables(packed);
    const variables = [...packed];
    while (packed.size === TABLE_ROWS) {
      packed = this.#splitSome(start, taken, size);
      variables.push(...packed);
      taken += this.#consumed;
    }
    if (taken < size) throw this.#malformed("does not fit in its packet", taken);
    return new Variables(variables);
  }

  /** @returns as many of the variables from `taken` on as the engine's table holds */
  #splitSome(start: number, taken: number, size: number): PackedVariables {
    const { table } = this.#engine;
    const rows = this.#engine.splitVariables(start + taken, size - taken);
    for (let row = 0; row < rows * ROW_WORDS; row += ROW_WORDS) {
      if (table[row + PairRow.NameLength] !== 0) continue;
      const at = table[row + PairRow.NameStart]! - 2 - start;
      throw this.#malformed("has no name", at);
    }
    return new PackedVariables(this.#engine, start + taken, this.#consumed, rows);
  }

  /** How many bytes the engine has split. */
  get #consumed(): number {
    return this.#engine.results[TableResult.Consumed]!;
  }

  #malformed(what: string, offset: number): GatewayError {
    const at = this.#packetStart + PACKET_HEADER_LENGTH + offset;
    return new GatewayError(ErrorCode.Malformed, `the variable at byte ${at} ${what}`, {
      offset: at,
    });
  }
}
