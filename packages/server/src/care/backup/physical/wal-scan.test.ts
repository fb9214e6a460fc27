import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type WalEvent, WalScanner } from './wal-scan.ts';

const PAGE = 8192;
const SEGMENT = 64 * 1024;
const EPOCH = Date.UTC(2000, 0, 1);

/** Writes log as the server does: records aligned to 8 bytes, cut by page headers. */
class LogWriter {
  readonly #bytes: number[] = [];
  readonly #start: number;

  constructor(start: number) {
    this.#start = start;
  }

  get at(): number {
    return this.#start + this.#bytes.length;
  }

  get bytes(): Buffer {
    return Buffer.from(this.#bytes);
  }

  /** @returns where the record begins */
  record(manager: number, info: number, body: Buffer): number {
    while (this.at % 8 !== 0) this.#bytes.push(0);
    if (this.at % PAGE === 0) this.#header(0);
    const start = this.at;
    const record = Buffer.alloc(24 + body.length);
    record.writeUInt32LE(record.length, 0);
    record[16] = info;
    record[17] = manager;
    body.copy(record, 24);
    for (let i = 0; i < record.length; i++) {
      if (this.at % PAGE === 0) this.#header(record.length - i);
      this.#bytes.push(record[i] as number);
    }
    return start;
  }

  fillSegment(): void {
    while (this.at % SEGMENT !== 0) this.#bytes.push(0);
  }

  #header(left: number): void {
    const long = this.at % SEGMENT === 0;
    const header = Buffer.alloc(long ? 40 : 24);
    header.writeUInt16LE(0xd110, 0);
    header.writeUInt16LE((long ? 2 : 0) | (left > 0 ? 1 : 0), 2);
    header.writeUInt32LE(left, 16);
    this.#bytes.push(...header);
  }
}

const time = (at: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(at - EPOCH) * 1000n);
  return bytes;
};
const short = (data: Buffer) => Buffer.concat([Buffer.from([255, data.length]), data]);
const long = (data: Buffer) => {
  const head = Buffer.alloc(5);
  head[0] = 254;
  head.writeUInt32LE(data.length, 1);
  return Buffer.concat([head, data]);
};
const origin = Buffer.from([253, 1, 0]);

const item = fc.oneof(
  fc.record({ kind: fc.constant('other' as const), size: fc.integer({ min: 0, max: 20_000 }) }),
  fc.record({
    kind: fc.constantFrom('commit' as const, 'abort' as const, 'prepared' as const),
    at: fc.integer({ min: EPOCH, max: EPOCH + 1e12 }),
    size: fc.integer({ min: 0, max: 400 }),
    origin: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('point' as const), at: fc.integer({ min: EPOCH, max: EPOCH + 1e12 }) }),
  fc.constant({ kind: 'switch' as const }),
);

test('finds every commit, abort and restore point, however records lie on pages and bytes arrive', () => {
  fc.assert(
    fc.property(
      fc.array(item, { minLength: 1, maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 20 }),
      (items, sizes) => {
        const log = new LogWriter(SEGMENT * 3);
        const expected: WalEvent[] = [];
        let end = 0;
        for (const [index, one] of items.entries()) {
          if (one.kind === 'other') log.record(10, 0, Buffer.alloc(one.size, 7));
          else if (one.kind === 'switch') {
            log.record(0, 0x40, Buffer.alloc(0));
            end = Math.ceil(log.at / 8) * 8;
            log.fillSegment();
            continue;
          } else if (one.kind === 'point') {
            const name = Buffer.alloc(64);
            name.write(`point ${index}`);
            const lsn = BigInt(log.record(0, 0x70, short(Buffer.concat([time(one.at), name]))));
            expected.push({ kind: 'restore_point', lsn, at: one.at, name: `point ${index}` });
          } else {
            const data = Buffer.concat([time(one.at), Buffer.alloc(one.size, 3)]);
            const body = Buffer.concat([
              one.origin ? origin : Buffer.alloc(0),
              data.length < 256 ? short(data) : long(data),
            ]);
            // 0x80 says that more data than the time follows.
            const info = { commit: 0x80, abort: 0x20, prepared: 0x30 }[one.kind];
            const lsn = BigInt(log.record(1, info, body));
            expected.push({ kind: one.kind === 'abort' ? 'abort' : 'commit', lsn, at: one.at });
          }
          end = Math.ceil(log.at / 8) * 8;
        }
        const found: WalEvent[] = [];
        const scanner = new WalScanner(BigInt(SEGMENT * 3), SEGMENT, (event) => found.push(event));
        const { bytes } = log;
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = sizes[turn % sizes.length] as number;
          scanner.feed(bytes.subarray(at, at + size));
          at += size;
        }
        expect(found).toEqual(expected);
        expect(scanner.recordEnd).toBe(BigInt(end));
      },
    ),
    { numRuns: 60 },
  );
});

test('steps over the end of a record whose beginning it has not seen', () => {
  const log = new LogWriter(0);
  log.record(10, 0, Buffer.alloc(PAGE + 500));
  const lsn = log.record(1, 0, short(time(EPOCH + 1000)));
  const found: WalEvent[] = [];
  const scanner = new WalScanner(BigInt(PAGE), SEGMENT, (event) => found.push(event));
  scanner.feed(log.bytes.subarray(PAGE));
  expect(found).toEqual([{ kind: 'commit', lsn: BigInt(lsn), at: EPOCH + 1000 }]);
});
