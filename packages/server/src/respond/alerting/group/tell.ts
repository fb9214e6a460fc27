import { stopWaitingFor } from './authority.ts';
import type { Draft } from './draft.ts';
import { fallBack } from './fallback.ts';
import { type Tell, writeMessages } from './write.ts';

/** Writes one message for each target; the fallback is told in place of a target that cannot work. */
export function tell(draft: Draft, order: Tell): void {
  for (const message of writeMessages(draft, order)) {
    if (message.status !== 'failed') continue;
    stopWaitingFor(draft, message);
    fallBack(draft, message, message.lastError ?? 'it is not set up');
  }
}
