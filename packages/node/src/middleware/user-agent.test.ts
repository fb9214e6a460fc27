import { expect, it } from 'vitest';
import { cpuMs } from '../testing/cpu-time.ts';
import { userAgentFamily } from './user-agent.ts';

const MOZILLA = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)';
const KHTML = 'AppleWebKit/537.36 (KHTML, like Gecko)';

it.each<[string | undefined, string | undefined]>([
  [`${MOZILLA} ${KHTML} Chrome/140.0.0.0 Safari/537.36`, 'Chrome'],
  [`${MOZILLA} ${KHTML} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0`, 'Edge'],
  [`${MOZILLA} ${KHTML} Chrome/140.0.0.0 Safari/537.36 OPR/120.0.0.0`, 'Opera'],
  [`${MOZILLA} ${KHTML} HeadlessChrome/140.0.0.0 Safari/537.36`, 'Headless Chrome'],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox'],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) AppleWebKit/605 (KHTML, like Gecko) Version/19.0 Safari/604.1', 'Safari'],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) AppleWebKit/605 (KHTML, like Gecko) CriOS/140.0 Safari/604.1', 'Chrome'],
  ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'bot'],
  ['curl/8.14.1', 'curl'],
  ['python-requests/2.32', 'Python'],
  ['Go-http-client/2.0', 'Go'],
  ['node', 'Node.js'],
  ['my own thing 1.0', 'other'],
  ['', undefined],
  [undefined, undefined],
])('%s is %s, asked for once and again', (text, family) => {
  expect([userAgentFamily(text), userAgentFamily(text)]).toEqual([family, family]);
});

it('takes linear time of whatever a client sends, always another', () => {
  const work = () => {
    for (let n = 0; n < 20_000; n++) userAgentFamily(`${'crawbo'.repeat(40)}${n}`);
  };
  expect(cpuMs(work)).toBeLessThan(2_000);
});
