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
