import { describe, expect, test } from "vitest";
import { randomSequence } from "./random-sequence.test.support.js";
import {
  kindOfNumber,
  metadataAddresses,
  numberOf,
  rangeOf,
  type SpecialRange,
  specialRanges4,
  specialRanges6,
  textOf,
} from "./special-ranges.test.support.js";
import { TargetGuard } from "./target-guard.js";

const guard = new TargetGuard();
const kinds = ["loopback", "private", "link-local", "metadata", "multicast", "unspecified", "translated", "reserved"];

/** What the guard says of an address, as one word. */
function saidOf(address: string): string {
  const refusal = guard.refusal(address, address);
  if (refusal === undefined) return "open";
  // "an address that is translated to IPv4", "an address of cloud metadata", "a private address".
  const words = refusal.split(", ").at(-1) ?? "";
  return kinds.find((kind) => words.includes(`${kind} `)) ?? refusal;
}

describe("Target guard: the special-purpose ranges of IANA", () => {
  const rows = [...specialRanges4, ...specialRanges6].filter(({ kind }) => kind !== "open");
  test.each(rows.map((row) => [`${row.block} (${row.name}) is ${row.kind}`, row] as const))(
    "%s, from its first address to its last, and not the one beside it unless that is special too",
    (_, { block }: SpecialRange) => {
      const { first, last, width } = rangeOf(block);
      const highest = (1n << BigInt(width)) - 1n;
      const middle = first + (last - first) / 3n;
      for (const value of [first, middle, last, first - 1n, last + 1n]) {
        if (value < 0n || value > highest) continue;
        expect([textOf(value, width), saidOf(textOf(value, width))]).toEqual([
          textOf(value, width),
          kindOfNumber(value, width),
        ]);
      }
    },
  );

  test("::ffff:0:0/96 (IPv4-mapped) is what the IPv4 address in it is", () => {
    for (const { block } of specialRanges4) {
      const { first, last } = rangeOf(block);
      for (const value of [first, last]) {
        const mapped = textOf((0xffffn << 32n) | value, 128);
        expect([mapped, saidOf(mapped)]).toEqual([mapped, kindOfNumber(value, 32)]);
      }
    }
    expect(saidOf("::ffff:8.8.8.8")).toBe("open");
  });

  test.each(metadataAddresses)("%s gives credentials of a cloud, and is metadata", (address) => {
    expect(saidOf(address)).toBe("metadata");
  });
});

describe("Target guard: random addresses", () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const rounds = 10_000;

  test(`${rounds} in random spellings are what an independent table says`, () => {
    const random = randomSequence(seed);
    const below = (limit: number): number => Math.floor(random() * limit);
    for (let round = 0; round < rounds; round += 1) {
      const { value, width } = randomAddress(below);
      const spelling = width === 32 ? spelling4(value, below) : spelling6(value, below);
      const expected = kindOfNumber(value, width);
      const refusal = guard.checkUrlLiteral(`http://${spelling}:8080/x`);
      expect([seed, spelling, refusal === undefined]).toEqual([seed, spelling, expected === "open"]);
      const plain = saidOf(textOf(value, width));
      expect([seed, textOf(value, width), plain]).toEqual([seed, textOf(value, width), expected]);
    }
  });
});

type Below = (limit: number) => number;

const blocks = [...specialRanges4, ...specialRanges6].map(({ block }) => rangeOf(block));

// Half of them anywhere, half at the edges of a special range, where mistakes are.
function randomAddress(below: Below): { readonly value: bigint; readonly width: number } {
  const width = below(2) === 0 ? 32 : 128;
  if (below(2) === 0) return { value: randomBits(width, below), width };
  const range = blocks[below(blocks.length)] ?? rangeOf("::/0");
  const edge = below(2) === 0 ? range.first : range.last;
  const limit = 1n << BigInt(range.width);
  return { value: (edge + BigInt(below(5) - 2) + limit) % limit, width: range.width };
}

function randomBits(width: number, below: Below): bigint {
  let value = 0n;
  for (let bit = 0; bit < width; bit += 16) value = (value << 16n) | BigInt(below(65_536));
  // Most of them where addresses are given out.
  return width === 128 && below(4) > 0 ? (value >> 3n) | (1n << 125n) : value;
}

// One to four parts, each decimal, octal or hexadecimal; the last takes all bits that are left.
function spelling4(value: bigint, below: Below): string {
  const parts = 1 + below(4);
  const texts: string[] = [];
  for (let index = 0; index < parts; index += 1) {
    const bits = BigInt(index === parts - 1 ? 32 - 8 * index : 8);
    const shift = index === parts - 1 ? 0n : BigInt(24 - 8 * index);
    const part = (value >> shift) & ((1n << bits) - 1n);
    texts.push(
      [part.toString(), `0${part.toString(8)}`, `0x${part.toString(16)}`, `0X${part.toString(16)}`][below(4)] ?? "",
    );
  }
  const text = texts.join(".") + (below(4) === 0 ? "." : "");
  return below(4) === 0 ? fullWidth(text) : text;
}

function fullWidth(text: string): string {
  return text.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)));
}

// Zeroes in front, capital letters, an IPv4 ending, and `::` for one run of zeroes.
function spelling6(value: bigint, below: Below): string {
  const groups = textOf(value, 128)
    .split(":")
    .map((group) => (below(3) === 0 ? group.padStart(4, "0") : group));
  const ending = below(3) === 0 ? [textOf(value & 0xffffffffn, 32)] : groups.slice(6);
  const all = [...groups.slice(0, 6), ...ending];
  const start = all.findIndex((group) => /^0+$/.test(group));
  const text = start >= 0 && below(2) === 0 ? shortened(all, start) : all.join(":");
  return `[${below(2) === 0 ? text.toUpperCase() : text}]`;
}

function shortened(groups: readonly string[], start: number): string {
  let end = start;
  while (/^0+$/.test(groups[end] ?? "")) end += 1;
  return `${groups.slice(0, start).join(":")}::${groups.slice(end).join(":")}`;
}

test("the table itself reads addresses rightly", () => {
  expect(numberOf("::1")).toBe(1n);
  expect(numberOf("2001:db8::ff00:42:8329")).toBe(0x20010db8000000000000ff0000428329n);
  expect(numberOf("192.168.0.1")).toBe(0xc0a80001n);
  expect(textOf(numberOf("fe80::1"), 128)).toBe("fe80:0:0:0:0:0:0:1");
});
