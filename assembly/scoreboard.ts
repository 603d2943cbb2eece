import * as map from "./memory";
import { splatAt } from "./scan";

/** Blocks of 16 slots that are counted before their counters, a byte each, are added up. */
const CHUNK: i32 = 128 * 16;
const COUNT: usize = 11;
/** "_SRWKDCLGI.", the legend's order. */
const LETTERS = memory.data<u8>([0x5f, 0x53, 0x52, 0x57, 0x4b, 0x44, 0x43, 0x4c, 0x47, 0x49, 0x2e]);

export function countScoreboard(start: i32, length: i32): i32 {
  if (map.isOutside(start, length)) return map.ENGINE_ERROR_RANGE;
  memory.fill(map.RESULT, 0, COUNT << 2);
  // The last block extends beyond the slots, so no letter may be there while they are counted.
  const after = v128.load(start + length);
  v128.store(start + length, i8x16.splat(0));
  let at = start;
  let left = length;
  let known = 0;
  while (left > 0) {
    const size = min(left, CHUNK);
    const common = countCommon(at, size);
    known += common;
    if (common < size) known += countRare(at, size);
    at += size;
    left -= size;
  }
  v128.store(start + length, after);
  map.setResult(COUNT, length - known);
  return length;
}

function letter(word: usize): v128 {
  return splatAt(LETTERS + word);
}

/** Counts the letters that most scoreboards consist of: five, with their counters, fit into registers. */
function countCommon(start: usize, length: usize): i32 {
  const end = start + length;
  const letter0 = letter(0);
  const letter2 = letter(2);
  const letter3 = letter(3);
  const letter4 = letter(4);
  const letter10 = letter(10);
  let count0 = i8x16.splat(0);
  let count2 = count0;
  let count3 = count0;
  let count4 = count0;
  let count10 = count0;
  for (let at = start; at < end; at += 16) {
    const block = v128.load(at);
    count0 = i8x16.sub(count0, i8x16.eq(block, letter0));
    count2 = i8x16.sub(count2, i8x16.eq(block, letter2));
    count3 = i8x16.sub(count3, i8x16.eq(block, letter3));
    count4 = i8x16.sub(count4, i8x16.eq(block, letter4));
    count10 = i8x16.sub(count10, i8x16.eq(block, letter10));
  }
  return add(0, count0) + add(2, count2) + add(3, count3) + add(4, count4) + add(10, count10);
}

function countRare(start: usize, length: usize): i32 {
  const end = start + length;
  const letter1 = letter(1);
  const letter5 = letter(5);
  const letter6 = letter(6);
  const letter7 = letter(7);
  const letter8 = letter(8);
  const letter9 = letter(9);
  let count1 = i8x16.splat(0);
  let count5 = count1;
  let count6 = count1;
  let count7 = count1;
  let count8 = count1;
  let count9 = count1;
  for (let at = start; at < end; at += 16) {
    const block = v128.load(at);
    count1 = i8x16.sub(count1, i8x16.eq(block, letter1));
    count5 = i8x16.sub(count5, i8x16.eq(block, letter5));
    count6 = i8x16.sub(count6, i8x16.eq(block, letter6));
    count7 = i8x16.sub(count7, i8x16.eq(block, letter7));
    count8 = i8x16.sub(count8, i8x16.eq(block, letter8));
    count9 = i8x16.sub(count9, i8x16.eq(block, letter9));
  }
  const first = add(1, count1) + add(5, count5) + add(6, count6);
  return first + add(7, count7) + add(8, count8) + add(9, count9);
}

/** Adds sixteen counters to a result word. */
function add(word: usize, counters: v128): i32 {
  const sums = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(counters));
  const pairs = i64x2.extract_lane(sums, 0) + i64x2.extract_lane(sums, 1);
  const count = <i32>pairs + <i32>(pairs >> 32);
  const to = map.RESULT + (word << 2);
  store<i32>(to, load<i32>(to) + count);
  return count;
}
