import { PassThrough, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { Key } from "../../src/terminal/keys.js";
import { Output } from "../../src/terminal/output.js";
import { Screen } from "../../src/terminal/screen.js";
import { sliceCells } from "../../src/terminal/styled-text.js";

/** A terminal of 5 lines of 20 cells, which keeps what is written to it. */
class FakeTerminal extends Writable {
  readonly isTTY = true;
  columns = 20;
  rows = 5;
  #text = "";
  #waiting: (() => void) | undefined;
  /** Whether it takes nothing more. */
  isStopped = false;

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.#text += chunk.toString();
    if (this.isStopped) this.#waiting = done;
    else done();
  }

  goOn(): void {
    this.isStopped = false;
    this.#waiting?.();
  }

  /** What was written since the last call. */
  take(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }
}

function open() {
  const stream = new FakeTerminal();
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
  const keys: string[] = [];
  const state = { resized: 0, interrupted: 0 };
  const terminal = {
    stdin,
    stdout: new Output(stream, {}),
    interrupt: () => void state.interrupted++,
  };
  const screen = new Screen(terminal, {
    key: (key) => keys.push(key),
    resize: () => void state.resized++,
  });
  screen.open();
  return { screen, stream, stdin, keys, state };
}

describe("a screen", () => {
  it("opens the alternate screen, and restores the terminal once", () => {
    const { screen, stream } = open();
    expect(stream.take()).toBe("\x1b[?1049h\x1b[?25l\x1b[?7l");
    screen.close();
    screen.close();
    expect(stream.take()).toBe("\x1b[?7h\x1b[?25h\x1b[?1049l");
  });

  it("writes only the lines that differ from those it shows", () => {
    const { screen, stream } = open();
    stream.take();
    screen.paint(["one", "two", "three"]);
    expect(stream.take()).toBe("\x1b[2J\x1b[1;1H\x1b[Kone\x1b[2;1H\x1b[Ktwo\x1b[3;1H\x1b[Kthree");
    screen.paint(["one", "2", "three"]);
    expect(stream.take()).toBe("\x1b[2;1H\x1b[K2");
    screen.paint(["one", "2", "three"]);
    expect(stream.take()).toBe("");
    screen.paint(["one"]);
    expect(stream.take()).toBe("\x1b[2;1H\x1b[K\x1b[3;1H\x1b[K");
    screen.close();
  });

  it("shows no more lines than the terminal has", () => {
    const { screen, stream } = open();
    stream.take();
    screen.paint(["1", "2", "3", "4", "5", "6"]);
    expect(stream.take()).toMatch(/\[5;1H\x1b\[K5$/);
    screen.close();
  });

  it("writes all lines again after a resize, and for Ctrl-L", () => {
    const { screen, stream, stdin, state } = open();
    screen.paint(["one"]);
    stream.take();
    stream.emit("resize");
    expect(state.resized).toBe(1);
    screen.paint(["one"]);
    expect(stream.take()).toBe("\x1b[2J\x1b[1;1H\x1b[Kone");
    stdin.emit("data", Buffer.from("\x0c"));
    expect(state.resized).toBe(2);
    screen.close();
  });

  it("waits with a frame until the terminal has taken the earlier ones", () => {
    const { screen, stream } = open();
    stream.isStopped = true;
    screen.paint(["x".repeat(100_000)]);
    screen.paint(["y"]);
    expect(screen.paint(["z"])).toBe(false);
    stream.goOn();
    stream.take();
    expect(screen.paint(["z"])).toBe(true);
    expect(stream.take()).toContain("z");
    screen.close();
  });

  it("passes keys on, and Ctrl-C to the command", async () => {
    const { screen, stdin, keys, state } = open();
    stdin.emit("data", Buffer.from("a\x1b["));
    stdin.emit("data", Buffer.from("B\x03"));
    expect(keys).toEqual(["a", Key.Down]);
    expect(state.interrupted).toBe(1);
    stdin.emit("data", Buffer.from("\x1b"));
    await expect.poll(() => keys).toEqual(["a", Key.Down, Key.Escape]);
    screen.close();
    stdin.emit("data", Buffer.from("b"));
    expect(keys).toHaveLength(3);
  });
});

describe("a line with colours", () => {
  const red = (text: string) => `\x1b[31m${text}\x1b[39m`;

  it("is cut to its cells, and its colours end with it", () => {
    expect(sliceCells("hello", 0, 5)).toBe("hello");
    expect(sliceCells("hello", 0, 3)).toBe("hel");
    expect(sliceCells("hello", 2, 2)).toBe("ll");
    expect(sliceCells(`a${red("bcd")}e`, 0, 3)).toBe("a\x1b[31mbc\x1b[39m\x1b[0m");
    expect(sliceCells(`a${red("bcd")}e`, 0, 5)).toBe(`a${red("bcd")}e`);
  });

  it("is not cut through a wide character", () => {
    expect(sliceCells("世界", 0, 3)).toBe("世");
    expect(sliceCells("世界", 1, 3)).toBe("界");
  });
});
