import { describe, expect, it } from 'vitest';
import { addressResolver, normaliseAddress, type ProxyTrust, parseProxyTrust } from './client-address.ts';

const headers = (values: Record<string, string>) => (name: string) => values[name];

describe('the client behind proxies', () => {
  const forwarded = { 'x-forwarded-for': '198.51.100.1, 203.0.113.9, 10.0.0.7' };
  const table: [string, ProxyTrust, string | undefined, Record<string, string>, string | undefined][] = [
    ['nobody is trusted by default', false, '192.0.2.1', forwarded, '192.0.2.1'],
    ['one proxy: its entry counts', 1, '10.0.0.1', forwarded, '10.0.0.7'],
    ['two proxies', 2, '10.0.0.1', forwarded, '203.0.113.9'],
    ['more hops than entries: the farthest', 9, '10.0.0.1', forwarded, '198.51.100.1'],
    ['one proxy that sends nothing', 1, '10.0.0.1', {}, '10.0.0.1'],
    ['one proxy that sends junk', 1, '10.0.0.1', { 'x-forwarded-for': '<script>' }, '10.0.0.1'],
    ['a list: rightmost that is no proxy', ['10.0.0.0/8'], '10.0.0.1', forwarded, '203.0.113.9'],
    ['a list that the peer is not on', ['10.0.0.0/8'], '192.0.2.1', forwarded, '192.0.2.1'],
    ['a list with all hops trusted', ['private', '203.0.113.9', '198.51.100.1'], '10.0.0.1', forwarded, '198.51.100.1'],
    ['a list stops at junk', ['private'], '10.0.0.1', { 'x-forwarded-for': 'junk, 10.0.0.9' }, '10.0.0.9'],
    ['a mapped peer', ['loopback'], '::ffff:127.0.0.1', { 'x-forwarded-for': '203.0.113.9' }, '203.0.113.9'],
    ['IPv6 proxies', ['fd00::/8'], 'fd00::1', { 'x-forwarded-for': '[2001:db8::9]:443' }, '2001:db8::9'],
    ['Vercel', 'vercel', '10.0.0.1', { 'x-real-ip': '203.0.113.9', 'x-forwarded-for': '6.6.6.6' }, '203.0.113.9'],
    ['Cloudflare', 'cloudflare', '10.0.0.1', { 'cf-connecting-ip': '203.0.113.9' }, '203.0.113.9'],
    ['Fly without its header', 'fly', '10.0.0.1', {}, '10.0.0.1'],
    ['nginx on this machine', 'nginx', '127.0.0.1', { 'x-real-ip': '203.0.113.9' }, '203.0.113.9'],
    ['somebody who is no nginx', 'nginx', '192.0.2.1', { 'x-real-ip': '203.0.113.9' }, '192.0.2.1'],
    ['no peer', false, undefined, forwarded, undefined],
  ];
  it.each(table)('%s', (_name, trust, peer, values, expected) => {
    expect(addressResolver(trust)(peer, headers(values))).toBe(expected);
  });

  it('refuses a list that is not one of addresses', () => {
    expect(() => addressResolver(['10.0.0.0/8', 'nginx'])).toThrow(
      'trustProxy: "nginx" is neither an address nor a CIDR',
    );
  });

  it('looks at a bounded number of hops', () => {
    const long = { 'x-forwarded-for': Array.from({ length: 10_000 }, () => '10.0.0.2').join(',') };
    expect(addressResolver(['private'])('10.0.0.1', headers(long))).toBe('10.0.0.2');
  });
});

it.each([
  ['203.0.113.9', '203.0.113.9'],
  ['203.0.113.9:5000', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['[2001:DB8::1]', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['unknown', undefined],
  ['', undefined],
  ['1.2.3', undefined],
  ['::ffff:999.0.0.1', undefined],
])('writes %j as %j', (text, expected) => {
  expect(normaliseAddress(text)).toBe(expected);
});

it.each([
  [undefined, false],
  ['', false],
  ['0', false],
  ['false', false],
  ['2', 2],
  ['vercel', 'vercel'],
  ['loopback, 10.0.0.0/8', ['loopback', '10.0.0.0/8']],
])('reads YUMOPS_TRUST_PROXY=%j as %j', (text, expected) => {
  expect(parseProxyTrust(text)).toEqual(expected);
});
