import { expect, test } from 'vitest';
import { withoutSetting } from './older-server.ts';

const HEAD = '-- dump\nBEGIN;\n\nSET idle_in_transaction_session_timeout = 0;\n';
const SETTING = 'SET transaction_timeout = 0;\n';
const rows = `COPY t FROM stdin;\n${'x'.repeat(20_000)}\n`;

async function through(text: string, size: number): Promise<string> {
  async function* pieces(): AsyncIterable<Buffer> {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  let found = '';
  for await (const piece of withoutSetting(pieces())) found += piece.toString();
  return found;
}

test.each([
  ['a script', HEAD + SETTING + rows, HEAD + rows],
  ['a short one', `${HEAD}${SETTING}COMMIT;\n`, `${HEAD}COMMIT;\n`],
  ['one of an earlier version', HEAD + rows, HEAD + rows],
  ['rows that say the same', `${HEAD}${SETTING}${rows}${SETTING}`, `${HEAD}${rows}${SETTING}`],
  ['nothing', '', ''],
])('an older server gets %s without the setting that it does not know, and all else', async (_, script, expected) => {
  for (const size of [7, 1_000, 100_000]) expect(await through(script, size)).toBe(expected);
});
