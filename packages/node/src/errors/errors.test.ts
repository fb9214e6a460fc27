import { describe, expect, it } from 'vitest';
import { cpuMs } from '../testing/cpu-time.ts';
import { debugImagesOf } from './debug-ids.ts';
import { dsnOf, parseDsn } from './dsn.ts';
import { exceptionsOf } from './exception.ts';
import { readFrames } from './frames.ts';
import { getCurrentScope, withScope } from './scope.ts';
import { startSpan } from './spans.ts';

const HANDLED = { type: 'generic', handled: true };

describe('frames', () => {
  it('of V8 and Gecko, outermost first, own code marked', () => {
    const stack = [
      'TypeError: x',
      '    at Cart.total [as sum] (/app/dist/cart.js:10:5)',
      '    at async Promise.all (index 0)',
      '    at async /app/dist/main.js:3:1',
      '    at query (/app/node_modules/pg/lib/client.js:1:2)',
      '    at node:internal/process/task_queues:95:5',
      'pay@https://shop.example/app.js:1:99',
    ].join('\n');
    expect(readFrames(stack).reverse()).toMatchObject([
      { filename: '/app/dist/cart.js', function: 'Cart.total', lineno: 10, colno: 5, in_app: true },
      { function: 'Promise.all' },
      { filename: '/app/dist/main.js', function: '?', lineno: 3, in_app: true },
      { filename: '/app/node_modules/pg/lib/client.js', function: 'query', in_app: false },
      { filename: 'node:internal/process/task_queues', in_app: false },
      { filename: 'https://shop.example/app.js', function: 'pay', lineno: 1, colno: 99 },
    ]);
  });

  it('of a text that only looks like one are read in linear time', () => {
    const text = `Error: x\n${`    at ${'a('.repeat(50_000)}\n`.repeat(20)}`;
    expect(cpuMs(() => readFrames(text))).toBeLessThan(500);
  });
});

describe('ids of source maps', () => {
  it('are those that a bundler left for the scripts of the stack', () => {
    const place = (file: string) => `Error\n    at ${file}:1:2\n    at Module._compile (node:internal/modules:1:1)`;
    const left = globalThis as { _debugIds?: object | undefined; _sentryDebugIds?: object | undefined };
    left._debugIds = { [place('/app/.next/server/chunks/a.js')]: 'id-a', [place('/app/b.js')]: 'id-b' };
    left._sentryDebugIds = { [place('file:///app/c.js')]: 'id-c' };
    const error = new Error('x');
    error.stack = 'Error: x\n    at f (/app/.next/server/chunks/a.js:1:5)\n    at /app/c.js:2:3';
    const image = (code_file: string, debug_id: string) => ({ type: 'sourcemap', code_file, debug_id });
    expect(debugImagesOf(exceptionsOf(error, HANDLED))).toEqual([
      image('/app/.next/server/chunks/a.js', 'id-a'),
      image('/app/c.js', 'id-c'),
    ]);
    left._debugIds = left._sentryDebugIds = undefined;
    expect(debugImagesOf(exceptionsOf(error, HANDLED))).toEqual([]);
  });
});

describe('what was thrown', () => {
  it('has its causes, root first, and the members of a group', () => {
    const group = new AggregateError([new Error('one'), new RangeError('two')], 'many', { cause: new Error('root') });
    const values = exceptionsOf(group, HANDLED);
    expect(values.map(({ type, value }) => `${type} ${value}`)).toEqual([
      'RangeError two',
      'Error one',
      'Error root',
      'AggregateError many',
    ]);
    expect(values.at(-1)?.mechanism).toMatchObject({ exception_id: 0, is_exception_group: true });
    expect(values[2]?.mechanism).toMatchObject({ parent_id: 0, source: 'cause' });
  });

  it.each<[string, () => unknown, string]>([
    ['text', () => 'plain', 'plain'],
    ['nothing', () => undefined, 'undefined'],
    ['an object', () => ({ code: 1, password: 'x' }), 'An object was thrown with the keys code, password.'],
    ['a secret', () => new Error('login with Bearer abcdefgh12345678 failed'), 'login with Bearer [redacted] failed'],
  ])('may be %s', (_name, make, value) => {
    expect(exceptionsOf(make(), HANDLED).at(-1)?.value).toBe(value);
  });

  it('ends for a cause that is its own cause', () => {
    const error = new Error('loop');
    error.cause = error;
    expect(exceptionsOf(error, HANDLED)).toHaveLength(1);
  });
});

it('a DSN has a key and a project of digits', () => {
  expect(parseDsn('https://abc@ops.example/path/7')?.url.href).toBe('https://ops.example/path/api/7/envelope/');
  expect(dsnOf('http://127.0.0.1:4600', 'abc')).toBe('http://abc@127.0.0.1:4600/1');
  for (const bad of [undefined, 'x', 'https://ops.example/7', 'https://a@ops.example/shop', 'ftp://a@b/1']) {
    expect(parseDsn(bad)).toBeUndefined();
  }
});

it('what a scope is told inside stays inside', async () => {
  await withScope(async (scope) => {
    scope.setTag('inner', 1);
    await Promise.resolve();
    expect(getCurrentScope().tags).toEqual({ inner: 1 });
  });
  expect(getCurrentScope().tags).toEqual({});
});

it('a span ends when its work does, and what the work throws goes on', async () => {
  let elapsed = 0;
  const result = await startSpan({ name: 'a' }, async (span) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    elapsed = span.elapsed();
    return 7;
  });
  expect(result).toBe(7);
  expect(elapsed).toBeGreaterThan(15);
  expect(() =>
    startSpan({ name: 'b' }, () => {
      throw new Error('mine');
    }),
  ).toThrow('mine');
  await expect(
    startSpan({ name: 'c' }, async () => {
      throw new Error('later');
    }),
  ).rejects.toThrow('later');
});
