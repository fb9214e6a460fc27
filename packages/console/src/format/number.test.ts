import { expect, it } from 'vitest';
import { formatBytes, formatCount, formatMilliseconds, formatPercent, formatQuantity, formatSpan } from './number.ts';

const plain = (text: string) => text.replaceAll('\u202f', ' ');

it.each([
  [7.2, '7.2 %'],
  [0.04, '0.04 %'],
  [61.44, '61.4 %'],
  [99.95, '99.95 %'],
  [99.9995, '99.999 %'],
  [100, '100 %'],
])('percent %d', (value, text) => {
  expect(plain(formatPercent(value))).toBe(text);
});

it.each([
  [0.25, '0.25 ms'],
  [4.25, '4.3 ms'],
  [412.4, '412 ms'],
  [1340, '1.34 s'],
  [125_000, '2 min 5 s'],
])('milliseconds %d', (value, text) => {
  expect(plain(formatMilliseconds(value))).toBe(text);
});

it.each([
  [0, '0 s'],
  [59_400, '59 s'],
  [3_600_000, '1 h'],
  [12_000_000, '3 h 20 min'],
  [90_061_000, '1 d 1 h'],
])('span %d', (value, text) => {
  expect(plain(formatSpan(value))).toBe(text);
});

it.each([
  [0, '0'],
  [7.456, '7.46'],
  [940, '940'],
  [1312, '1.3 k'],
  [12_000_000, '12 M'],
])('count %d', (value, text) => {
  expect(plain(formatCount(value))).toBe(text);
});

it.each([
  [512, '512 B'],
  [1536, '1.5 kB'],
  [64 * 1024 * 1024, '64 MB'],
])('bytes %d', (value, text) => {
  expect(plain(formatBytes(value))).toBe(text);
});

it('writes a quantity in the unit of the server, and never a number that is not there', () => {
  expect(plain(formatQuantity(1312, '/s'))).toBe('1.3 k/s');
  expect(plain(formatQuantity(2, 's'))).toBe('2 s');
  expect(plain(formatQuantity(14, 'connections'))).toBe('14 connections');
  expect(formatQuantity(null, '%')).toBe('unknown');
});
