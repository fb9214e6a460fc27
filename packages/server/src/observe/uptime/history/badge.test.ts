import { expect, test } from 'vitest';
import { badgeSvg, certificateBadge, responseBadge, stateBadge, uptimeBadge } from './badge.ts';

test.each([
  [stateBadge('Shop', 'up'), 'up', 'good'],
  [stateBadge('Shop', 'network-down'), 'unknown', 'quiet'],
  [stateBadge('Shop', 'down'), 'down', 'bad'],
  [uptimeBadge('Shop', 100), '100 %', 'good'],
  [uptimeBadge('Shop', 99.98), '99.98 %', 'good'],
  [uptimeBadge('Shop', 99.5), '99.5 %', 'warn'],
  [uptimeBadge('Shop', 90), '90 %', 'bad'],
  [uptimeBadge('Shop', null), 'no data', 'quiet'],
  [responseBadge('Shop', 87.4), '87 ms', 'good'],
  [responseBadge('Shop', 5_000), '5000 ms', 'bad'],
  [certificateBadge('Shop', 1), '1 day', 'bad'],
  [certificateBadge('Shop', null), 'no certificate', 'quiet'],
])('%o', (badge, value, tone) => {
  expect(badge).toEqual({ label: 'Shop', value, tone });
});

test('a badge names what it shows, and a label cannot break out of it', () => {
  const svg = badgeSvg(stateBadge('<script>"&', 'up'));
  expect(svg).toContain('<title>&lt;script&gt;&quot;&amp;: up</title>');
  expect(svg).not.toContain('<script>');
});
