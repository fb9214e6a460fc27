import { expect, it } from 'vitest';
import { readSettings } from './settings.ts';

it('takes values that a mounted secret ends with a line feed', () => {
  const { url, key, level } = readSettings({
    YUMOPS_URL: 'http://127.0.0.1:4600/\n',
    YUMOPS_KEY: 'abc\n',
    LOG_LEVEL: ' WARN ',
  });
  expect({ url, key, level }).toEqual({ url: 'http://127.0.0.1:4600', key: 'abc', level: 'warn' });
});

it.each([
  [{ GITHUB_SHA: 'abc' }, 'abc', 'abc'],
  [{ YUMOPS_RELEASE: '1.2.0', RENDER_GIT_COMMIT: 'abc' }, '1.2.0', 'abc'],
  [{ SENTRY_RELEASE: 'shop@1' }, 'shop@1', undefined],
])('knows release and commit from %j', (env, release, commit) => {
  expect(readSettings(env)).toMatchObject({ release, commit });
});

it.each<[string | undefined, string[] | undefined]>([
  [undefined, undefined],
  ['none', []],
  ['orders.test, *.shop.test', ['orders.test', '*.shop.test']],
])('reads the destinations of traces from %j', (text, propagateTo) => {
  expect(readSettings({ YUMOPS_PROPAGATE_TO: text })).toMatchObject({ propagateTo });
});
