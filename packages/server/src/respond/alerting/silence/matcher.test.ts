import { describe, expect, test } from 'vitest';
import { formatMatcher, matchesAll, matchesAnything, parseMatcher } from './matcher.ts';

const labels = { service: 'api', environment: 'production', route: '/api/users', note: 'a "b" \\' };

test.each([
  ['service="api"', true],
  ['service=api', true],
  [' service = "api" ', true],
  ['service!="api"', false],
  ['service=~"a.i|web"', true],
  ['service=~"ap"', false],
  ['service!~"web.*"', true],
  ['env="production"', true],
  ['missing=""', true],
  ['missing!="x"', true],
  ['note="a \\"b\\" \\\\"', true],
  ['route=~"/api/.*"', true],
])('%s holds: %s', (text, expected) => {
  expect(matchesAll([parseMatcher(text)], labels)).toBe(expected);
  expect(parseMatcher(formatMatcher(parseMatcher(text)))).toEqual(parseMatcher(text));
});

describe('is no matcher', () => {
  test.each([
    '',
    'service',
    '="api"',
    'service==',
    'service="api',
    '9x="1"',
    'a=~"("',
    'a=~"(x+)+"',
    'a=~"(a|a)*"',
    'a=~"(x)\\\\1"',
  ])('%s', (text) => {
    expect(() => parseMatcher(text)).toThrow('is not a condition on a label');
  });
});

test('conditions that hold without any label would match everything', () => {
  expect(matchesAnything([parseMatcher('service=~".*"'), parseMatcher('x!="y"')])).toBe(true);
  expect(matchesAnything([parseMatcher('service=~".+"')])).toBe(false);
});
