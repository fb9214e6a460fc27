import type { Clock } from '../../lib/clock.ts';
import { YumOpsError } from '../../lib/errors.ts';
import { randomHex } from '../../lib/random.ts';
import type { Notifier } from './notifier.ts';

const TIMEOUT_MS = 10_000;
const TITLE = 'Test of YumOps: nothing is wrong';

export interface TestOrder {
  channel: string;
  target: string;
  /** Who asked for it; stands in the message. */
  by: string;
  /** Base of links, without a slash at the end. */
  publicUrl: string;
  /** What the message says; default that it is a test. */
  title?: string;
  reason?: string;
}

/** How a test message fared. */
export interface TestReport {
  channel: string;
  target: string;
  /** `sent`: the vendor took it; `retry`: it did not answer as it should; `refused`: it will not take it. */
  outcome: 'sent' | 'retry' | 'refused';
  /** What the vendor answered. */
  answer: string;
  tookMs: number;
}

/**
 * Sends one message, marked as a test, the way a real one goes. It is tried once.
 * @throws YumOpsError `channel_not_set_up` (409)
 */
export async function sendTest(
  notifiers: ReadonlyMap<string, Notifier>,
  { channel, target, by, publicUrl, title = TITLE, reason = `a test message, sent by ${by}` }: TestOrder,
  clock: Clock,
): Promise<TestReport> {
  const notifier = notifiers.get(channel);
  if (!notifier) {
    throw new YumOpsError('channel_not_set_up', `Nothing can be sent by ${channel}.`, {
      hint: 'Set it up under integrations; `yumops check` says what is missing or a placeholder.',
      status: 409,
    });
  }
  const id = randomHex(16);
  const abort = new AbortController();
  const timer = clock.after(TIMEOUT_MS, () => abort.abort(new Error('no answer within 10 s')));
  const begin = clock.monotonic();
  const body = {
    kind: 'test',
    severity: 'info',
    rule: '',
    title,
    reason,
    step: 0,
    alerts: [],
  } as const;
  try {
    const message = { id, key: `test:${id}`, target, body, publicUrl, attempt: 1, createdAt: clock.now() };
    const result = await notifier.send(message, abort.signal);
    const answer = result.outcome === 'sent' ? result.detail : result.reason;
    return { channel, target, outcome: result.outcome, answer, tookMs: Math.round(clock.monotonic() - begin) };
  } finally {
    timer.cancel();
  }
}
