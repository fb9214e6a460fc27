import { describe, expect, test } from 'vitest';
import { type AddressClass, type AllowPrivate, classifyAddress, isAllowed } from './address.ts';
import { resolveAllowed } from './resolve.ts';

const classes: [AddressClass, string[]][] = [
  ['public', ['8.8.8.8', '203.0.114.1', '2606:4700::1111', '64:ff9b::808:808', '::ffff:8.8.8.8', '2002:808:808::1']],
  [
    'private',
    [
      '127.0.0.1',
      '10.1.2.3',
      '172.16.0.1',
      '192.168.1.1',
      '100.64.0.1',
      '0.0.0.0',
      '::',
      '::1',
      'fd12::1',
      '224.0.0.1',
    ],
  ],
  [
    'private',
    ['255.255.255.255', '::ffff:127.0.0.1', '64:ff9b::7f00:1', '64:ff9b:1::a00:1', '2002:7f00:1::', '::10.0.0.1'],
  ],
  ['special', ['169.254.169.254', '169.254.1.1', 'fe80::1', 'fe80::1%eth0', '100.100.100.200', '168.63.129.16']],
  [
    'special',
    ['fd00:ec2::254', '::ffff:169.254.169.254', '::ffff:a9fe:a9fe', '64:ff9b::a9fe:a9fe', '64:ff9b:1::a9fe:a9fe'],
  ],
  ['special', ['2002:a9fe:a9fe::', '::169.254.169.254', '::ffff:0:169.254.169.254', '2001:0:0:0:0:0:5601:5601']],
];

describe('classes', () => {
  test.each(classes.flatMap(([kind, addresses]) => addresses.map((address) => [address, kind] as const)))(
    '%s is %s',
    (address, kind) => {
      expect(classifyAddress(address)).toBe(kind);
    },
  );
});

const permissions: [address: string, allow: AllowPrivate, allowed: boolean][] = [
  ['8.8.8.8', false, true],
  ['10.0.0.1', false, false],
  ['10.0.0.1', true, true],
  ['10.0.0.1', ['169.254.169.254'], true],
  ['169.254.169.254', true, false],
  ['169.254.169.254', ['169.254.169.254'], true],
  ['169.254.169.254', ['169.254.0.0/16'], true],
  ['169.254.169.254', ['169.254.170.0/24', 'nonsense'], false],
  ['::ffff:169.254.169.254', true, false],
  ['::ffff:169.254.169.254', ['169.254.169.254'], true],
  ['fe80::1', ['fe80::/10'], true],
  ['fe80::1', ['FE80:0:0::1'], true],
];

test.each(permissions)('%s with allow_private %o: %s', (address, allow, allowed) => {
  expect(isAllowed(address, allow)).toBe(allowed);
});

test('a name is judged by what it resolves to, and only allowed addresses are used', async () => {
  const resolve = async () => [
    { address: '169.254.169.254', family: 4 as const },
    { address: '10.0.0.7', family: 4 as const },
  ];
  expect(await resolveAllowed('inner.example', true, resolve)).toEqual([{ address: '10.0.0.7', family: 4 }]);
  await expect(resolveAllowed('inner.example', false, resolve)).rejects.toMatchObject({
    code: 'address_refused',
    message: 'inner.example is 169.254.169.254, which is a link-local or metadata address and was refused.',
  });
});
