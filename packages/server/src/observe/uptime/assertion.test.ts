import { describe, expect, test } from 'vitest';
import { parseAssertion } from './assertion.ts';

const SUBJECTS = ['status', 'time', 'certificate', 'body', 'header', 'json', 'jsonata'] as const;

describe('assertions that are read', () => {
  test.each([
    ['status in [200, 202]', { kind: 'status' }, 'in', [200, 202]],
    ['header.content-type contains json', { kind: 'header', name: 'content-type' }, 'contains', 'json'],
    ['json.status == "healthy"', { kind: 'json', path: ['status'] }, '==', 'healthy'],
    ['json.items[0].price >= 1.5', { kind: 'json', path: ['items', 0, 'price'] }, '>=', 1.5],
    ['json == null', { kind: 'json', path: [] }, '==', null],
    ['time < 500ms', { kind: 'time' }, '<', 500],
    ['time<2s', undefined, undefined, undefined],
    ['time < 2s', { kind: 'time' }, '<', 2_000],
    ['certificate.days > 14', { kind: 'certificate' }, '>', 14],
    ['body contains YumZoom, the app', { kind: 'body' }, 'contains', 'YumZoom, the app'],
    ["body contains '12'", { kind: 'body' }, 'contains', '12'],
    ['jsonata $count(items) > 0', { kind: 'jsonata', expression: '$count(items) > 0' }, '==', true],
    ['status != 500', { kind: 'status' }, '!=', 500],
  ])('%s', (text, subject, op, value) => {
    const parsed = parseAssertion(text, SUBJECTS);
    if (subject === undefined) expect(parsed.ok).toBe(false);
    else expect(parsed).toEqual({ ok: true, assertion: { text, subject, op, value } });
  });
});

describe('assertions that are refused', () => {
  test.each([
    ['', 0, '"" is not an assertion'],
    ['status', 0, '"status" is not an assertion'],
    ['status ==', 0, '"status ==" is not an assertion'],
    ['value == 1', 0, '"value" cannot be asserted'],
    ['cookie == 1', 0, '"cookie" cannot be asserted'],
    ['  json..a == 1', 2, '"json..a" cannot be asserted'],
    ['status in 200', 10, '"in" needs a list such as [200, 202]'],
    ['status == ok', 10, 'status is compared with a number'],
    ['time contains 5', 14, 'time is a number and contains nothing'],
    ['jsonata items[', 14, 'the JSONata expression cannot be read: Expected "]" before end of expression'],
    ['body > 5', 7, 'the body cannot be compared with >'],
  ])('%s', (text, offset, message) => {
    expect(parseAssertion(text, SUBJECTS)).toMatchObject({ ok: false, problem: { offset, message } });
  });
});
