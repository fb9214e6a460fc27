import { State } from '../../components/state.tsx';
import { plural } from '../../format/number.ts';

/** Fewer days than this are a warning. */
const SOON = 21;
/** Fewer days than this need a person today. */
const NOW = 7;

/** How long the certificate still holds; a dash where there is none. */
export function CertificateDays({ days }: { days: number | null }) {
  if (days === null) return <span className="certificate quiet">no certificate</span>;
  if (days < 0) return <State tone="bad" word={`ended ${plural(-days, 'day')} ago`} />;
  if (days < NOW) return <State tone="bad" word={plural(days, 'day')} />;
  if (days < SOON) return <State tone="warn" word={plural(days, 'day')} />;
  return <span className="certificate">{plural(days, 'day')}</span>;
}
