import { describe, expect, it } from 'vitest';
import { cpuMs } from '../../../../test/support/cpu-time.ts';
import type { ErrorEvent, StackFrame } from '../event.ts';
import { stableAssetName } from './asset-name.ts';
import { groupEvent } from './group.ts';
import { parameterise } from './parameterise.ts';

describe('parameterise', () => {
  it.each([
    ['User 17 not found', 'User <int> not found'],
    ['mail to ada@example.com failed', 'mail to <email> failed'],
    ['GET https://api.example.com/v1/x?id=3 failed', 'GET <url> failed'],
    ['order 3f2504e0-4f89-11d3-9a0c-0305e82c3301', 'order <uuid>'],
    ['at 2026-11-29T10:00:00.123Z', 'at <date>'],
    ['connect ECONNREFUSED 10.0.0.7:5432', 'connect ECONNREFUSED <ip>'],
    ['commit da39a3ee5e6b4b0d3255bfef95601890afd80709', 'commit <hash>'],
    ['took 125.5ms', 'took <duration>'],
    ['address 0xdeadbeef', 'address <hex>'],
    ["Column 'secret_name 1' missing", 'Column <quoted> missing'],
    ["Cannot read properties of undefined (reading 'price')", "Cannot read properties of undefined (reading 'price')"],
    ['Unexpected token at position 42', 'Unexpected token at <position>'],
    ['ratio 0.25 is true', 'ratio <float> is <bool>'],
    ['Loading chunk 4287 failed: index-DbQ2xY9p.js', 'Loading chunk <int> failed: <asset>'],
    ['plain words stay as they are', 'plain words stay as they are'],
  ])('%s', (message, expected) => {
    expect(parameterise(message)).toBe(expected);
  });

  it('is linear: a long message of nothing but digits and dots ends soon', () => {
    for (const text of ['1.'.repeat(50_000), `${'a-'.repeat(50_000)}@`, "'".repeat(100_000)]) {
      expect(cpuMs(() => parameterise(text))).toBeLessThan(500);
    }
  });
});

describe('stable names of assets', () => {
  it.each([
    ['https://x.example/assets/index-DbQ2xY9p.js', 'assets/index-<hash>.js'],
    ['https://x.example/_next/static/chunks/app-4f9c2a1b7d3e.js?dpl=1', '_next/static/chunks/app-<hash>.js'],
    ['/_next/static/chunks/4287-0a1b2c3d4e5f6071.js', '_next/static/chunks/<chunk>-<hash>.js'],
    ['/static/js/4287.chunk.js', 'static/js/<chunk>.chunk.js'],
    ['/static/js/main.4f9c2a1b.chunk.js', 'static/js/main.<hash>.chunk.js'],
    ['/srv/app/releases/20261129103000/dist/server.js', 'app/releases/<build>/dist/server.js'],
    ['webpack://_N_E/./src/checkout/cart.ts?4f9c', 'src/checkout/cart.ts'],
    ['src/user-service.ts', 'src/user-service.ts'],
    ['lib/base64-encode.js', 'lib/base64-encode.js'],
    ['lib/long-component-name.js', 'lib/long-component-name.js'],
  ])('%s', (path, expected) => {
    expect(stableAssetName(path)).toBe(expected);
  });
});

function eventOf(
  frames: StackFrame[] | undefined,
  more: Partial<ErrorEvent> = {},
  value = 'x is undefined',
): ErrorEvent {
  return {
    event_id: 'e'.repeat(32),
    level: 'error',
    platform: 'javascript',
    exception: { values: [{ type: 'TypeError', value, ...(frames ? { stacktrace: { frames } } : {}) }] },
    message: '',
    template: null,
    fingerprint: [],
    tags: {},
    transaction: null,
    release: null,
    dist: null,
    environment: null,
    debug_meta: { images: [] },
    ...more,
  };
}

const hashOf = (event: ErrorEvent) => groupEvent(event, '1').hash;

/** Twenty builds: other hashes, chunk numbers, columns and minified names each time. */
function deploys(frame: (hash: string, n: number) => StackFrame[], value?: (n: number) => string) {
  return Array.from({ length: 20 }, (_, n) => {
    const hash = (0x1a2b3c4d5e6f + n * 0x1111111).toString(16).slice(0, 8);
    return hashOf(eventOf(frame(hash, n), {}, value?.(n)));
  });
}

describe('one issue over twenty redeploys', () => {
  it.each<[string, (hash: string, n: number) => StackFrame[]]>([
    [
      'vite assets without maps',
      (hash, n) => [
        {
          filename: `https://x.example/assets/index-${hash}.js`,
          function: 'Object.onClick',
          lineno: 1,
          colno: 40_000 + n,
        },
        {
          filename: `https://x.example/assets/cart-${hash}.js`,
          function: String.fromCharCode(97 + n),
          lineno: 1,
          colno: 512 + n,
        },
      ],
    ],
    [
      'numbered next chunks without maps',
      (hash, n) => [
        {
          filename: `https://x.example/_next/static/chunks/${4_000 + n}-${hash}.js`,
          function: `${String.fromCharCode(97 + n)}e`,
          lineno: 1,
          colno: 9_000 + n,
        },
        {
          filename: `https://x.example/_next/static/chunks/app/page-${hash}.js`,
          function: '?',
          lineno: 1,
          colno: 77 + n,
        },
      ],
    ],
    [
      'a server in a folder a release',
      (_hash, n) => [
        {
          filename: `/srv/releases/2026112910${String(n).padStart(4, '0')}/dist/cart.js`,
          function: 'total',
          lineno: 10 + n,
          colno: 5,
        },
      ],
    ],
    [
      'mapped frames whose lines move',
      (_hash, n) => [
        {
          filename: 'src/cart.ts',
          function: 'total',
          lineno: 10 + n,
          colno: 5,
          raw: { filename: `https://x/a-${n}.js` },
        },
      ],
    ],
  ])('%s', (_name, frames) => {
    expect(new Set(deploys(frames)).size).toBe(1);
  });

  it('a chunk that is gone after a deploy', () => {
    const value = (n: number) =>
      `Loading chunk ${4_000 + n} failed. (error: https://x.example/_next/static/chunks/${4_000 + n}-ab${n}.js)`;
    expect(new Set(deploys(() => [], value)).size).toBe(1);
  });
});

describe('different errors stay apart', () => {
  const frame = (name: string, file = 'src/cart.ts'): StackFrame => ({
    filename: file,
    function: name,
    in_app: true,
    lineno: 1,
    colno: 1,
  });

  it('by function, file, type and message', () => {
    const hashes = [
      hashOf(eventOf([frame('total')])),
      hashOf(eventOf([frame('tax')])),
      hashOf(eventOf([frame('total', 'src/order.ts')])),
      hashOf(eventOf(undefined)),
      hashOf(eventOf(undefined, {}, 'y is undefined')),
      groupEvent(eventOf([frame('total')]), '2').hash,
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('frames of libraries do not tell errors apart where there are own ones', () => {
    const library = { filename: '/app/node_modules/pg/lib/client.js', function: 'query' };
    expect(hashOf(eventOf([frame('total'), library]))).toBe(hashOf(eventOf([frame('total')])));
  });
});

describe('fingerprints', () => {
  const event = eventOf([{ filename: 'src/cart.ts', function: 'total', in_app: true }]);

  it('an explicit one wins; {{ default }} stands for the usual parts', () => {
    expect(groupEvent({ ...event, fingerprint: ['payments'] }, '1')).toMatchObject({
      by: 'fingerprint',
      parts: ['payments'],
    });
    expect(hashOf({ ...event, fingerprint: ['{{ default }}'] })).toBe(hashOf(event));
    const split = groupEvent({ ...event, fingerprint: ['{{ default }}', 'eu'] }, '1');
    expect(split.parts).toEqual(['type TypeError', 'frame total in src/cart.ts', 'eu']);
  });

  it("the project's rules come next", () => {
    const rules = [{ match: { path: 'src/*', message: '*undefined*' }, fingerprint: ['undefined in src'] }];
    expect(groupEvent(event, '1', rules)).toMatchObject({ by: 'rule', parts: ['undefined in src'] });
    expect(groupEvent({ ...event, fingerprint: ['own'] }, '1', rules).by).toBe('fingerprint');
  });

  it('a chain is grouped by what was thrown, and names its root cause', () => {
    const chain = { values: [{ type: 'Error', value: 'socket closed' }, ...event.exception.values] };
    const grouped = groupEvent({ ...event, exception: chain }, '1');
    expect(grouped).toMatchObject({ hash: hashOf(event), rootCause: 'Error: socket closed' });
  });
});
