import { type Finding, HEALTHY, impossible, runAttempt } from '../../attempt.ts';
import type { JourneyOutcome } from '../../ports.ts';
import type { MonitorKind } from '../kind.ts';

/** A journey through pages in a real browser, which must come to its end. */
export const browserKind: MonitorKind<'browser'> = {
  run: (monitor, context) =>
    runAttempt(monitor, context, async (attempt) => {
      const { id: monitorId, script, timeoutMs, allowPrivate } = monitor;
      attempt.timer.enter('body');
      return judge(await context.journeys.run({ monitorId, script, timeoutMs, allowPrivate }, attempt.signal));
    }),
  describe: ({ url }) => [`the journey ${url} comes to its end`],
};

function judge(outcome: JourneyOutcome): Finding {
  if (outcome.kind === 'impossible') throw impossible(outcome.message, outcome.hint);
  if (outcome.kind === 'done') return HEALTHY;
  const { message, url, files, lost } = outcome;
  const headers = { page: url, ...(lost.length === 0 ? {} : { 'not-kept': lost.join(' ') }) };
  return {
    verdict: 'down',
    reason: `Expected the journey to come to its end, at ${url} it failed: ${message.replace(/\.$/, '')}.`,
    evidence: { status: null, headers, body: message, files: [...files] },
  };
}
