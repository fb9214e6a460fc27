import type { NextStep as Step } from '@yumops/protocol';
import { Icon } from '../../components/icon.tsx';
import { formatSpan } from '../../format/number.ts';
import { useNow } from '../../time/now.ts';

/** Who is told next and when, counting down. */
export function NextStep({ next }: { next: Step }) {
  const left = Date.parse(next.at) - useNow();
  return (
    <p className="next-step">
      <Icon name="pending" />
      <span>
        {left > 0 ? (
          <>
            In <strong>{formatSpan(left)}</strong>
          </>
        ) : (
          'Now'
        )}{' '}
        step {next.step + 1} tells {next.notify.map(spoken).join(', ')}, unless someone acknowledges.
      </span>
    </p>
  );
}

/** `phone_call +44…` as a person says it. */
export function spoken(target: string): string {
  return target.replace(/^phone_call\b/, 'a call to').replace(/^sms\b/, 'SMS to');
}
