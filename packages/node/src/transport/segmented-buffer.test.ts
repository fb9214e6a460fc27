import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SegmentedBuffer } from './segmented-buffer.ts';

const INFO = 2;
const ERROR = 4;

describe('SegmentedBuffer', () => {
  it('gives lines back whole, in order within a level, most severe first', () => {
    const buffer = new SegmentedBuffer(64 * 1024);
    for (const [level, line] of [
      [INFO, 'a\n'],
      [ERROR, 'é🍕\n'],
      [INFO, 'b\n'],
    ] as const) {
      expect(buffer.append(level, line)).toEqual({ kept: true, evicted: 0 });
    }
    const taken = buffer.take(1_000_000);
    expect(taken?.bytes.toString()).toBe('é🍕\na\nb\n');
    expect(taken?.lines).toBe(3);
    expect(buffer.take(1_000_000)).toBeUndefined();
    expect(buffer.allocated).toBe(0);
  });

  it('gives up the oldest of the lowest level first and refuses what only severer lines could make room for', () => {
    const buffer = new SegmentedBuffer(16 * 1024);
    const line = `${'x'.repeat(1023)}\n`;
    for (let i = 0; i < 8; i++) {
      buffer.append(ERROR, line);
      buffer.append(INFO, line);
    }
    expect(buffer.append(ERROR, line)).toEqual({ kept: true, evicted: 1 });
    for (let i = 0; i < 7; i++) {
      buffer.append(ERROR, line);
    }
    expect(buffer.append(INFO, line)).toEqual({ kept: false, evicted: 0 });
    expect(buffer.lines).toBe(16);
  });

  it('refuses a line that is larger than everything', () => {
    const buffer = new SegmentedBuffer(16 * 1024);
    buffer.append(INFO, 'small\n');
    expect(buffer.append(INFO, 'x'.repeat(20_000))).toMatchObject({ kept: false });
  });

  it('never holds more than its capacity and loses no line uncounted', () => {
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ level: fc.integer({ min: 0, max: 5 }), length: fc.integer({ min: 1, max: 3000 }) }),
      },
      { weight: 1, arbitrary: fc.record({ take: fc.integer({ min: 1, max: 30_000 }) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const buffer = new SegmentedBuffer(32 * 1024);
        let appended = 0;
        let lost = 0;
        let taken = 0;
        for (const action of steps) {
          if ('take' in action) {
            const batch = buffer.take(action.take);
            taken += batch?.lines ?? 0;
            expect((batch?.bytes.toString().match(/\n/g) ?? []).length).toBe(batch?.lines ?? 0);
          } else {
            const { kept, evicted } = buffer.append(action.level, `${'é'.repeat(action.length / 2)}\n`);
            appended += 1;
            lost += evicted + (kept ? 0 : 1);
          }
          expect(buffer.allocated).toBeLessThanOrEqual(32 * 1024);
        }
        expect(buffer.lines).toBe(appended - lost - taken);
      }),
    );
  });
});
