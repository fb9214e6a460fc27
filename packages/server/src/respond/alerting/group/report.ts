import type { Draft } from './draft.ts';
import { channelName, fallBack } from './fallback.ts';
import { muteOf } from './mute.ts';
import { type Message, tagOf } from './state.ts';
import { tell } from './tell.ts';
import { targetKey } from './told.ts';

const CALLS = 3;
const CALL_AGAIN_MS = 60_000;

/** What a vendor says of a message after it has taken it. */
export interface VendorReport {
  /** The vendor's word: `delivered`, `undelivered`, `completed`, `no-answer`, … */
  status: string;
  /** True = nobody was reached, and nobody will be by this message. */
  unreached: boolean;
  /** The vendor's error, where it names one. */
  error: string | null;
}

/**
 * Notes what became of a message. A call that nobody answered is made again after a minute, three times in all; what
 * reached nobody then goes to the fallback.
 */
export function takeReport(draft: Draft, messageId: string, report: VendorReport): void {
  const before = draft.messages.get(messageId);
  if (!before || (before.report === report.status && before.reportedAt !== null)) return;
  const message = draft.setMessage({ ...before, report: report.status, reportedAt: draft.now });
  const error = report.error === null ? '' : ` (error ${report.error})`;
  const said = `${channelName(message.channel)} to ${message.target}: ${report.status}${error}`;
  draft.noteAll(message, report.unreached ? 'unreached' : 'reported', said);
  if (report.unreached) tryAgain(draft, message, said);
}

function tryAgain(draft: Draft, message: Message, said: string): void {
  if (message.kind === 'resolved' || message.kind === 'acknowledged' || message.kind === 'meta') return;
  const alerts = message.alerts
    .flatMap(({ id }) => draft.alerts.get(id) ?? [])
    .filter((alert) => alert.state === 'firing' && !alert.ack && !muteOf(draft, alert));
  if (alerts.length === 0) return;
  const { tag, call } = callOf(message.key);
  if (message.channel !== 'phone_call' || call >= CALLS) {
    fallBack(draft, message, said);
    return;
  }
  tell(draft, {
    alerts: alerts.map((alert) => ({ alert, step: message.step })),
    targets: [{ channel: message.channel, target: message.target, broken: null }],
    kind: message.kind,
    tag: `${tag}-call${call + 1}`,
    reason: `${targetKey(message)} was not reached: call ${call + 1} of ${CALLS}`,
    notBefore: draft.now + CALL_AGAIN_MS,
  });
}

/** The last part of a key, and which of the calls about it this is. */
function callOf(key: string): { tag: string; call: number } {
  const last = tagOf(key);
  const [, tag = last, call = '1'] = /^(.*)-call(\d+)$/.exec(last) ?? [];
  return { tag, call: Number(call) };
}
