import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkContext, monitorOf } from '../../testing/monitors.ts';
import type { PingMonitorConfig } from './config.ts';
import { readPing } from './output.ts';
import { runPing } from './run.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'yumops-ping-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const IPUTILS = (received: number) => `PING 127.0.0.1 (127.0.0.1) 56(84) bytes of data.
64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.031 ms

--- 127.0.0.1 ping statistics ---
3 packets transmitted, ${received} received, 0% packet loss, time 402ms
${received > 0 ? 'rtt min/avg/max/mdev = 0.031/12.500/24.9/0.004 ms' : ''}`;

/** A check with a program named ping that is this script. */
function check(script: string | null, keys: Record<string, unknown> = {}) {
  if (script !== null) writeFileSync(join(folder, 'ping'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const monitor = monitorOf({ kind: 'ping', host: '127.0.0.1', timeout: '1s', ...keys }) as PingMonitorConfig;
  const path = script === null ? join(folder, 'empty') : `${folder}:/usr/bin:/bin`;
  return runPing(monitor, checkContext(), path);
}

const saying = (text: string, code = 0) => `cat <<'END'\n${text}\nEND\nexit ${code}`;

test('an answer is up, and takes as long as the packets took', async () => {
  expect(await check(saying(IPUTILS(3)))).toMatchObject({
    verdict: 'up',
    reason: null,
    durationMs: 12.5,
    phases: { dns: null, firstByte: 12.5 },
  });
});

test('a slow answer is degraded', async () => {
  expect(await check(saying(IPUTILS(3)), { max_response_time: '10ms' })).toMatchObject({
    verdict: 'degraded',
    reason: 'Expected an answer within 10 ms, it took 13 ms.',
  });
});

test('the program gets the address alone, and nothing of our environment', async () => {
  process.env['YUMOPS_TEST_LEAK'] = 'leak';
  const out = join(folder, 'seen');
  const result = await check(`{ echo "$@"; env; } > ${out}\n${saying(IPUTILS(3))}`, { host: 'localhost' });
  delete process.env['YUMOPS_TEST_LEAK'];
  expect(result.verdict).toBe('up');
  const { readFileSync } = await import('node:fs');
  const seen = readFileSync(out, 'utf8');
  expect(seen.split('\n')[0]).toMatch(/^-c 3 -i 0\.2 (127\.0\.0\.1|::1)$/);
  expect(seen).not.toContain('leak');
});

test.each([
  [
    'lost packets',
    saying(IPUTILS(2)),
    'degraded',
    'Expected 127.0.0.1 to answer every echo request, it answered 2 of 3.',
  ],
  ['no answer', saying(IPUTILS(0), 1), 'down', 'Expected 127.0.0.1 to answer echo requests, none of 3 was answered.'],
  ['a hanging program', 'exec sleep 20', 'down', 'Timed out after 1 s while waiting for the first byte of the answer.'],
  [
    'a program without rights',
    'echo "ping: socket: Operation not permitted" >&2; exit 2',
    'unknown',
    'The ping program could not run (exit 2): ping: socket: Operation not permitted Try it by hand.',
  ],
  [
    'no program',
    null,
    'unknown',
    'This machine has no ping program. Install it (Debian: iputils-ping), or use kind: tcp.',
  ],
])('%s', async (_what, script, verdict, reason) => {
  expect(await check(script)).toMatchObject({ verdict, reason });
});

test('a link-local address is refused before the program runs', async () => {
  expect(await check(saying(IPUTILS(3)), { host: '169.254.169.254' })).toMatchObject({ verdict: 'down' });
});

test.each([
  [
    'macOS',
    '3 packets transmitted, 3 packets received, 0.0% packet loss\nround-trip min/avg/max/stddev = 0.045/0.1/0.2/0.01 ms',
    0.1,
  ],
  [
    'BusyBox',
    '3 packets transmitted, 3 packets received, 0% packet loss\nround-trip min/avg/max = 0.063/0.090/0.130 ms',
    0.09,
  ],
])('the summary of %s', (_system, output, meanMs) => {
  expect(readPing(output)).toEqual({ sent: 3, received: 3, meanMs });
});
