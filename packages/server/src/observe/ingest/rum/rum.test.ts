import { describe, expect, it, test } from 'vitest';
import { deviceOf } from '../../../http/device.ts';
import { readBeacon, templateOf } from './beacon.ts';
import { parseStack } from './stack.ts';

test.each([
  ['/restaurants/42', '/restaurants/:id'],
  ['/orders/0b9f3c1e-8f43-4c1b-9c55-3f1b8f0f6a10/lines/7', '/orders/:id/lines/:id'],
  ['/blob/9f86d081884c7d659a2feaa0c55ad015', '/blob/:id'],
  ['/v2/search', '/v2/search'],
  ['/', '/'],
])('%s is a page of %s', (path, template) => {
  expect(templateOf(path)).toBe(template);
});

test.each([
  [
    'Chromium',
    'TypeError: x\n    at rate (https://yumzoom.app/app.js:1:204)\n    at https://yumzoom.app/app.js:9:1\n    at async Promise.all (index 0)',
  ],
  ['Firefox', 'rate@https://yumzoom.app/app.js:1:204\n@https://yumzoom.app/app.js:9:1\n'],
])('reads the stack of %s, the innermost frame last', (_, stack) => {
  expect(parseStack(stack)).toEqual([
    { function: '?', filename: 'https://yumzoom.app/app.js', lineno: 9, colno: 1 },
    { function: 'rate', filename: 'https://yumzoom.app/app.js', lineno: 1, colno: 204 },
  ]);
});

test.each([
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148', 'mobile'],
  ['Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/150.0 Mobile Safari/537.36', 'mobile'],
  ['Mozilla/5.0 (Linux; Android 15; SM-X910) Chrome/150.0 Safari/537.36', 'tablet'],
  ['Mozilla/5.0 (X11; Linux x86_64) Chrome/150.0 Safari/537.36', 'desktop'],
  ['Mozilla/5.0 (compatible; Googlebot/2.1)', 'bot'],
  [null, 'unknown'],
])('%s is a %s', (userAgent, device) => {
  expect(deviceOf(userAgent)).toBe(device);
});

describe('a beacon', () => {
  it('may have the form of the operations guide', () => {
    const vital = {
      event: 'web_vital',
      data: { name: 'LCP', value: 1200, rating: 'good', url: 'https://a/b?c', timestamp: 5 },
    };
    expect(readBeacon(JSON.stringify(vital))?.events).toMatchObject([
      { kind: 'vital', name: 'LCP', value: 1200, at: 5 },
    ]);
    const load = {
      event: 'custom_metric',
      data: { name: 'page_load_timing', data: { dns_lookup: 3, total_load_time: 900 }, url: 'https://a/' },
    };
    expect(readBeacon(JSON.stringify(load))?.events).toMatchObject([
      { kind: 'page_load_timing', dnsLookup: 3, totalLoadTime: 900 },
    ]);
    const call = {
      event: 'custom_metric',
      data: {
        name: 'api_response_time',
        data: { url: '/api/x', method: 'GET', status: 500, duration: 9, success: false },
      },
    };
    expect(readBeacon(JSON.stringify(call))?.events).toMatchObject([
      { kind: 'api_response_time', name: '/api/x', statusCode: 500, duration: 9 },
    ]);
  });

  it.each(['', 'nonsense', '[]', '1', '{"event":"other"}'])('%j is none', (text) => {
    expect(readBeacon(text)).toBeUndefined();
  });
});
