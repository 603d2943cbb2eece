import { describe, expect, it } from "vitest";
import { hashBytes, hashKey } from "../../src/engine/hash-key.js";
import { viewMemory, WINDOW } from "../../src/engine/memory.js";
import { fixture, fixtures } from "../fixtures.js";
import { latin1 } from "./bytes.js";
import { splitLines } from "./drive-split.js";
import { engines } from "./engines.js";

const { memory } = engines[1]?.[1] ?? {};
const { bytes, view } = viewMemory(memory as Uint8Array);

describe("hashKey", () => {
  it("is the hash of the key's bytes", () => {
    for (let length = 0; length < 70; length++) {
      const key = "the quick brown fox jumps over the lazy dog, and over again and again".slice(
        0,
        length,
      );
      bytes.fill(0xaa, WINDOW, WINDOW + 100);
      bytes.set(latin1(key), WINDOW + 1);
      expect(hashBytes(view, WINDOW + 1, length)).toBe(hashKey(key));
    }
  });

  it("does not change: 32 bits, signed", () => {
    expect(
      ["", "pool", "accepted conn", "max active processes"].map(hashKey),
    ).toMatchInlineSnapshot(`
      [
        0,
        2122148886,
        394986321,
        1303464980,
      ]
    `);
  });

  it("depends on each byte, wherever it is, in keys of up to 32", () => {
    const key = "abcdefghijklmnopqrstuvwxyzabcdef";
    const hashes = new Set([hashKey(key)]);
    for (let at = 0; at < key.length; at++) {
      for (const letter of "ABZ") {
        hashes.add(hashKey(key.slice(0, at) + letter + key.slice(at + 1)));
      }
    }
    expect(hashes.size).toBe(1 + 3 * key.length);
  });

  it("is different for all keys of all pages", () => {
    const keys = new Set<string>();
    const names = [
      ...fixtures("fpm-status", ".body.txt"),
      ...fixtures("apache-status", "auto.txt"),
    ];
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) {
      for (const { key } of splitLines((engines[1] as (typeof engines)[number])[1], [
        fixture(name),
      ])) {
        keys.add(key);
      }
    }
    expect(keys.size).toBeGreaterThan(60);
    expect(new Set([...keys].map(hashKey)).size).toBe(keys.size);
  });

  it("spreads similar keys", () => {
    const hashes = new Set<number>();
    for (let i = 0; i < 200; i++) {
      for (let j = 0; j < 50; j++) hashes.add(hashKey(`ProxyBalancer[${i}]Worker[${j}]Busy`));
    }
    for (let i = 0; i < 256; i++) {
      for (let j = 0; j < 256; j++)
        hashes.add(hashKey(`abc${String.fromCharCode(i)}def${String.fromCharCode(j)}`));
    }
    expect(hashes.size).toBeGreaterThan(65_536);
  });
});
