import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCondition, parseThreshold } from './condition.ts';

describe('conditions that compile', () => {
  test.each([
    ['error_rate > 5%', 'error_rate', 'ratio', '>', 5, '%', null],
    ['error_rate>5', 'error_rate', 'ratio', '>', 5, '%', null],
    ['  log_error_rate  >=  0.5 % ', 'log_error_rate', 'ratio', '>=', 0.5, '%', null],
    ['avg_response_time > 2000ms', 'response_time', 'avg', '>', 2_000, 'ms', null],
    ['p95_response_time > 2s', 'response_time', 'p95', '>', 2_000, 'ms', null],
    ['response_time > 1m', 'response_time', 'avg', '>', 60_000, 'ms', null],
    ['failed_auth_attempts > 100 per hour', 'failed_auth_attempts', 'count', '>', 100, '', 3_600_000],
    ['request_rate < 0.1', 'request_rate', 'count', '<', 0.1, '/s', null],
    ['max_memory_usage <= 85%', 'memory_usage', 'max', '<=', 85, '%', null],
    ['last_cpu_usage != 0', 'cpu_usage', 'last', '!=', 0, '%', null],
    ['event_loop_delay_p99 > 200ms', 'event_loop_delay_p99', 'avg', '>', 200, 'ms', null],
    ['queue_depth == 1e3', 'queue_depth', 'avg', '==', 1_000, '', null],
    ['sum_upload_bytes > 1.5GiB', 'upload_bytes', 'sum', '>', 1.5 * 2 ** 30, 'B', null],
    ['app.queue.depth > -3', 'app.queue.depth', 'avg', '>', -3, '', null],
  ])('%s', (text, metric, reducer, op, threshold, unit, perMs) => {
    const parsed = parseCondition(text);
    expect(parsed.ok && parsed.condition).toEqual({ text, metric, reducer, labels: {}, op, threshold, unit, perMs });
  });

  test('labels, bare and in quotes', () => {
    const parsed = parseCondition(`error_rate{service=api, endpoint="/restaurants/[id]",method='GET'} > 5%`);
    expect(parsed.ok && parsed.condition.labels).toEqual({
      service: 'api',
      endpoint: '/restaurants/[id]',
      method: 'GET',
    });
  });

  test("a metric of the user's own takes any label and unit", () => {
    expect(parseCondition('queue_wait{shard=1} > 3s')).toMatchObject({
      ok: true,
      metric: null,
      condition: { threshold: 3_000, unit: 'ms' },
    });
  });
});

describe('conditions that do not', () => {
  test.each([
    ['', 0, 'expected a metric, found the end'],
    ['> 5%', 0, 'expected a metric, found ">"'],
    ['error_rate', 10, 'expected an operator, found the end'],
    ['error_rate >', 12, 'expected a number, found the end'],
    ['error_rate > 5 %%', 16, 'unexpected "%" after the condition'],
    ['error_rate{service} > 5%', 18, 'expected "=", found "}"'],
    ['error_rate{service=} > 5%', 19, 'expected a value for service, found "}"'],
    ['error_rate{service=api env=b} > 5%', 23, 'expected "," or "}", found "env"'],
    ['error_rate{service=api > 5%', 23, 'expected "," or "}", found ">"'],
    ['error_rate > 2000ms', 17, 'error_rate is a percentage, "ms" is the unit of a time'],
    ['avg_response_time > 5%', 21, 'response_time is a time, "%" is the unit of a percentage'],
    ['request_rate > 5 per minute', 17, '"per" is for counts, and request_rate is not one'],
    ['sum_error_rate > 5%', 0, 'error_rate cannot be reduced with sum_'],
    ['error_rates > 5%', 0, 'there is no metric "error_rates"'],
    ['error_rate > 5constructor', 14, 'there is no unit "constructor"'],
  ])('%s', (text, offset, message) => {
    expect(parseCondition(text)).toMatchObject({ ok: false, problem: { offset, message } });
  });

  test('no text makes the parser throw or point outside of it', () => {
    const piece = fc.constantFrom(
      'error_rate',
      'p95_',
      '{',
      '}',
      'service',
      '=',
      ',',
      '"',
      '>',
      '<',
      '5',
      '%',
      'ms',
      'per',
      'hour',
      ' ',
      '-',
      '\\',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((pieces) => pieces.join('')),
        ),
        (text) => {
          const parsed = parseCondition(text);
          if (!parsed.ok) expect(parsed.problem.offset).toBeLessThanOrEqual(text.length);
          else expect(Number.isFinite(parsed.condition.threshold)).toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

test.each([
  [4, '%', 4],
  ['4%', '%', 4],
  ['4', '%', 4],
  ['1.8s', 'ms', 1_800],
  ['4ms', '%', undefined],
  ['four', '%', undefined],
] as const)('threshold %s in %s is %s', (value, unit, expected) => {
  expect(parseThreshold(value, unit)).toBe(expected);
});
