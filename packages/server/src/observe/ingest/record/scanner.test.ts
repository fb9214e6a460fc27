import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyEncoder } from './body.ts';
import { KeyTable } from './key-table.ts';
import { Scanner } from './scanner.ts';

function isAccepted(text: string): boolean {
  const bytes = Buffer.from(text);
  const scanner = new Scanner(new KeyTable([]));
  const end = scanner.scan(bytes, 0, bytes.length);
  return end !== -1 && bytes.subarray(end).toString().trim() === '';
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** A JSON object text with some characters removed, doubled or replaced. */
const almostJson = fc
  .tuple(
    fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5 }),
    fc.array(
      fc.tuple(
        fc.nat(),
        fc.constantFrom('', '{', '}', '[', ']', '"', '\\', ',', ':', '0', '-', 'e', '.', '\t', 'null', '\\u12', ' '),
      ),
      {
        maxLength: 3,
      },
    ),
  )
  .map(([value, edits]) => {
    let text = JSON.stringify(value);
    for (const [place, piece] of edits) {
      const at = place % (text.length + 1);
      text = text.slice(0, at) + piece + text.slice(at + (place % 3));
    }
    return Buffer.from(text).toString();
  });

describe('the scanner', () => {
  it('accepts exactly the objects that JSON.parse accepts', () => {
    fc.assert(
      fc.property(almostJson, (text) => {
        expect(isAccepted(text), text).toBe(isJsonObject(text));
      }),
      { numRuns: 5_000 },
    );
  });

  it('keeps every value, as attributes with dotted keys', () => {
    // No letters that make the name of a secret, whose value is taken out.
    const key = fc.stringMatching(/^k[a-d0-9 "\\é]{0,6}$/);
    const leaf = fc.oneof(
      fc.stringMatching(/^[a-z \n"\\€]{0,20}$/),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      // Longer runs of digits may happen to be card numbers, which are taken out.
      fc
        .double({ noNaN: true, noDefaultInfinity: true })
        .map((number) => Number(number.toPrecision(9)))
        .filter((number) => !/\d{12}/.test(JSON.stringify(number))),
    );
    const tree = fc.letrec((tie) => ({
      node: fc.dictionary(key, fc.oneof({ maxDepth: 4 }, leaf, tie('node'), fc.array(leaf, { maxLength: 3 })), {
        maxKeys: 4,
      }),
    })).node as fc.Arbitrary<Record<string, unknown>>;
    fc.assert(
      fc.property(tree, (record) => {
        const encoded = new BodyEncoder('t', 'key').encode(Buffer.from(JSON.stringify(record)), 'ndjson', {
          project: '1',
          now: 1e12,
        });
        if (!encoded.ok) throw new Error(encoded.message);
        const row = JSON.parse(Buffer.from(encoded.payload).toString()) as { attributes?: Record<string, string> };
        expect(row.attributes ?? {}).toEqual(Object.fromEntries(flatten(record, '')));
      }),
      { numRuns: 500 },
    );
  });
});

function flatten(value: Record<string, unknown>, prefix: string): [string, string][] {
  return Object.entries(value).flatMap(([key, inner]): [string, string][] => {
    if (inner === null) return [];
    if (Array.isArray(inner)) return [[`${prefix}${key}`, JSON.stringify(inner)]];
    if (typeof inner === 'object') return flatten(inner as Record<string, unknown>, `${prefix}${key}.`);
    return [[`${prefix}${key}`, typeof inner === 'string' ? inner : JSON.stringify(inner)]];
  });
}
