import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkContext, httpMonitor } from '../../testing/monitors.ts';
import { serveTcp } from '../../testing/servers.ts';
import { runHttpCheck } from './run.ts';

const WHOLE = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n13\r\n{"status":"healthy"\r\n1\r\n}\r\n0\r\n\r\n',
);

/** What a broken server might say: an answer with bytes changed, cut out, put in, or nothing but noise. */
const answers = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((noise) => Buffer.from(noise)),
  fc
    .record({
      at: fc.nat(WHOLE.length),
      drop: fc.nat(20),
      put: fc.uint8Array({ maxLength: 20 }),
      end: fc.nat(WHOLE.length),
    })
    .map(({ at, drop, put, end }) =>
      Buffer.concat([WHOLE.subarray(0, at), put, WHOLE.subarray(at + drop)]).subarray(0, end + put.length),
    ),
);
const manners = fc.constantFrom('end', 'reset', 'stay');

test('whatever a server answers, the check ends in time with a verdict and a sentence', async () => {
  let next: { answer: Buffer; manner: 'end' | 'reset' | 'stay' } = { answer: WHOLE, manner: 'end' };
  const server = await serveTcp((socket) => {
    socket.once('data', () => {
      socket.write(next.answer);
      if (next.manner === 'end') socket.end();
      if (next.manner === 'reset') setImmediate(() => socket.resetAndDestroy());
    });
  });
  const monitor = httpMonitor(server.url, { timeoutMs: 60, expectedJson: { status: 'healthy' } });
  await fc.assert(
    fc.asyncProperty(answers, manners, async (answer, manner) => {
      next = { answer, manner };
      const result = await runHttpCheck(monitor, checkContext());
      if (result.verdict !== 'up') expect(result.reason).toMatch(/^[A-Z].*\.$/s);
      const spent = Object.values(result.phases).reduce<number>((sum, phase) => sum + (phase ?? 0), 0);
      expect(spent).toBeLessThanOrEqual(result.durationMs);
    }),
    { numRuns: 400 },
  );
  await server.close();
});
