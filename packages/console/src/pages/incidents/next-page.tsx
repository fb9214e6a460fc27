import type { IncidentDetail } from '@yumops/protocol';
import { Icon } from '../../components/icon.tsx';
import { formatSpan } from '../../format/number.ts';
import { useNow } from '../../time/now.ts';

/** Who is told next if nobody takes it, counting down. */
export function NextPage({ next }: { next: NonNullable<IncidentDetail['next']> }) {
  const left = Date.parse(next.at) - useNow();
  return (
    <p className="incident-next">
      <Icon name="pending" />
      <span>
        {left > 0 ? `In ${formatSpan(left)}` : 'Now'} step {next.step + 1} tells {next.notify.join(', ') || 'nobody'},
        unless someone acknowledges.
      </span>
    </p>
  );
}
