/** Makes bad inputs from good ones: by bytes, and, where they are CBOR, by values, so that bad values come well spelt. */
import { decodeCbor, encodeCbor } from '@filon/core/wire/cbor';

/** From 0 up to and without `below`. */
export type Dice = (below: number) => number;

/** Heads that claim much, borders of numbers, and bytes that mean something to some decoder. */
const TRICKS: readonly number[][] = [
  [0x00],
  [0x7f],
  [0x80],
  [0xff],
  [0xf6],
  [0xf7],
  [0xfb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0],
  [0x5a, 0xff, 0xff, 0xff, 0xff],
  [0x7a, 0xff, 0xff, 0xff, 0xff],
  [0x9a, 0xff, 0xff, 0xff, 0xff],
  [0xba, 0xff, 0xff, 0xff, 0xff],
  [0x5b, 0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x9f],
  [0xc1],
  [0xff, 0xff, 0xff, 0x7f],
];
const VALUES: readonly unknown[] = [
  ...[null, true, 0, -1, 1, 0.5, 2 ** 31, 2 ** 53 - 1, -(2 ** 53 - 1), 1e300, 2n ** 64n - 1n],
  ...['', 'error', '__proto__', 'constructor', '\u202e', '\ud83d\ude00', 'x'.repeat(300)],
  ...[new Uint8Array(), new Uint8Array(16), new Uint8Array(32), new Uint8Array(64), new Uint8Array(5000)],
  ...[[], {}, [[[[[]]]]], [0, 0, 0], { kind: 'hello' }],
];

export function mutated(input: Uint8Array, other: Uint8Array, dice: Dice): Uint8Array {
  const value = dice(2) === 0 ? readValue(input) : undefined;
  let bytes = value === undefined ? input : spelt(changed(value, dice), input);
  const times = dice(3) + (bytes === input ? 1 : 0);
  for (let time = 0; time < times; time += 1) bytes = byBytes(bytes, other, dice);
  return bytes;
}

function byBytes(input: Uint8Array, other: Uint8Array, dice: Dice): Uint8Array {
  const at = dice(input.length + 1);
  const length = dice(Math.min(40, input.length - at + 1));
  const [head, tail] = [input.subarray(0, at), input.subarray(at + length)];
  const from = dice(other.length + 1);
  switch (dice(6)) {
    case 0:
      return Uint8Array.from(input, (byte, index) => (index === at ? byte ^ (1 << dice(8)) : byte));
    case 1:
      return joined(head, tail);
    case 2:
      return joined(head, Uint8Array.from(TRICKS[dice(TRICKS.length)] ?? []), tail);
    case 3:
      return joined(
        head,
        Uint8Array.from({ length: dice(20) }, () => dice(256)),
        tail,
      );
    case 4:
      return joined(head, other.subarray(from, from + dice(40)), tail);
    default:
      return dice(4) === 0 ? head : joined(input.subarray(0, at + length), input.subarray(at));
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function readValue(input: Uint8Array): unknown {
  try {
    return decodeCbor(input, { what: 'seed', bytesMax: input.length });
  } catch {
    return undefined;
  }
}

function spelt(value: unknown, otherwise: Uint8Array): Uint8Array {
  try {
    return encodeCbor(value);
  } catch {
    return otherwise;
  }
}

/** One place of the value is another. Bytes within it are changed as values where they are some. */
function changed(value: unknown, dice: Dice): unknown {
  const isHere = dice(4) === 0;
  if (value instanceof Uint8Array && !isHere) {
    const inner = readValue(value);
    if (inner !== undefined) return spelt(changed(inner, dice), value);
  }
  if (Array.isArray(value) && !isHere) return changedList(value, dice);
  if (isMap(value) && !isHere) return changedMap(value, dice);
  return VALUES[dice(VALUES.length)];
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
}

function changedList(list: readonly unknown[], dice: Dice): unknown[] {
  const at = dice(list.length + 1);
  if (at === list.length) return [...list, VALUES[dice(VALUES.length)]];
  if (dice(5) === 0) return list.toSpliced(at, 1);
  if (dice(5) === 0) return Array.from({ length: dice(300) }, () => list[at]);
  return list.with(at, changed(list[at], dice));
}

function changedMap(map: Record<string, unknown>, dice: Dice): Record<string, unknown> {
  const entries = Object.entries(map);
  const at = dice(entries.length + 1);
  const [key, value] = entries[at] ?? [];
  if (key === undefined) return { ...map, more: VALUES[dice(VALUES.length)] };
  if (dice(6) === 0) return Object.fromEntries(entries.toSpliced(at, 1));
  return { ...map, [key]: changed(value, dice) };
}
