import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RedactionOptions } from '../logging/key-rules.ts';
import { Logger } from '../logging/logger.ts';
import { isUsual, REQUEST_KEYS } from './request-pairs.ts';
import { logRequest, type RequestRecord, requestFields } from './request-record.ts';

function setup(redact: RedactionOptions = {}) {
  const lines: string[] = [];
  const sink = {
    write: (_level: number, line: string) => void lines.push(line),
    flush: async () => true,
    close: async () => true,
  };
  return {
    lines,
    logger: new Logger({ service: 's', environment: 'e', sinks: [sink], redact, clock: () => 1_796_000_000_000 }),
  };
}

const hex = (length: number) => fc.stringMatching(new RegExp(`^[a-f][0-9a-f]{2}[a-f]{${length - 3}}$`));
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '/reset?token=abcdef123',
    'Bearer abcDEF123456',
    'a "quoted" \\ one',
    '\ud800',
    '4111 1111 1111 1111',
    'é',
    '',
  ),
);
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const bytes = maybe(fc.oneof(fc.nat(), fc.constantFrom(0, 4_111_111_111_111_111)));
const record: fc.Arbitrary<RequestRecord> = fc.record({
  identity: fc.record({
    requestId: fc.oneof(
      fc.uuid({ version: 7 }).filter((id) => !/\d[\d-]{11}/.test(id)),
      fc.constant('ghp_abcdefghijklmnopqrstuvwxyz'),
    ),
    ownId: fc.constant(false),
    clientRequestId: maybe(fc.stringMatching(/^[\w.-]{8,64}$/)),
    trace: fc.record(
      { traceId: hex(32), spanId: hex(16), parentSpanId: hex(16), sampled: fc.boolean() },
      { requiredKeys: ['traceId', 'spanId', 'sampled'] },
    ),
    ip: maybe(fc.oneof(fc.ipV4(), fc.ipV6())),
    peer: fc.constant(undefined),
    forwarded: fc.boolean(),
  }),
  method: fc.constantFrom('GET', 'POST', 'M"X'),
  endpoint: text,
  path: text,
  queryKeys: maybe(fc.array(text, { maxLength: 3 })),
  statusCode: fc.integer({ min: 100, max: 599 }),
  duration: fc.oneof(
    fc.double({ min: 0, max: 1e7, noNaN: true }),
    fc.nat({ max: 1e7 }).map((n) => n / 1000),
  ),
  requestBytes: bytes,
  responseBytes: bytes,
  userId: fc.oneof(maybe(text), fc.nat(), fc.constant({ id: 1 })),
  userAgent: maybe(text),
  action: maybe(text),
  aborted: fc.boolean(),
});

const policyOf = (logger: Logger) => ({ logger, slowAfter: 2_000, warns: () => false, sampling: undefined });

describe('the line of a request', () => {
  it('is to the byte what a logger makes of its fields', () => {
    const { logger, lines } = setup();
    let usual = 0;
    fc.assert(
      fc.property(record, (given) => {
        lines.length = 0;
        usual += isUsual(given) ? 1 : 0;
        logRequest(policyOf(logger), given);
        const level = given.statusCode >= 500 ? 'error' : 'info';
        logger.record(
          level,
          'request',
          `${given.method} ${given.endpoint} ${given.statusCode}`,
          requestFields(given, 2_000),
        );
        expect(lines[0]).toBe(lines[1]);
        expect(() => JSON.parse(lines[0] as string)).not.toThrow();
      }),
      { numRuns: 1_000, seed: 7 },
    );
    expect(usual).toBeGreaterThan(100);
  });

  it.each([undefined, Number.NaN, 'ECONNRESET', 500.5])(
    'stays JSON with a status that was set too late: %s',
    (late) => {
      const [given] = fc.sample(record, { numRuns: 1, seed: 2 }) as [RequestRecord];
      const { logger, lines } = setup();
      logRequest(policyOf(logger), { ...given, statusCode: late as number });
      expect(JSON.parse(lines[0] as string)).toMatchObject({ type: 'request', requestId: expect.any(String) });
    },
  );

  it('has all its keys in the list by which rules are looked up, and rules for them are kept', () => {
    const [given] = fc.sample(record, { numRuns: 1, seed: 1 }) as [RequestRecord];
    expect(Object.keys(requestFields(given, 0))).toEqual([...REQUEST_KEYS]);
    const { logger, lines } = setup({ remove: ['userAgent'], hash: ['ip'], keys: ['path'], hashKey: 'k' });
    expect([logger.keeps(REQUEST_KEYS), setup().logger.keeps(REQUEST_KEYS)]).toEqual([false, true]);
    const identity = { ...given.identity, ip: '10.0.0.1' };
    logRequest(policyOf(logger), { ...given, path: '/a', userAgent: 'x', identity });
    const line = JSON.parse(lines[0] as string) as Record<string, unknown>;
    expect(line).toMatchObject({ path: '[redacted]', ip: expect.stringMatching(/^hash:/) });
    expect(line).not.toHaveProperty('userAgent');
  });
});
