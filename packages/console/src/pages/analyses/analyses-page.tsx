import { getRouteApi } from '@tanstack/react-router';
import { Button } from '../../components/button.tsx';
import { Page } from '../../components/page.tsx';
import { usePageTime } from '../../time/page-time.tsx';
import type { AnalysisFilter } from './analyses-queries.ts';
import { Business } from './business.tsx';
import { Endpoints } from './endpoints.tsx';
import { ErrorRate } from './error-rate.tsx';
import { Funnel } from './funnel.tsx';
import { Security } from './security.tsx';
import './analyses.css';

const route = getRouteApi('/console/analyses');

/** The questions that every service asks of its log: errors, endpoints, security, business. */
export function AnalysesPage() {
  const { service, events, within } = route.useSearch();
  const navigate = route.useNavigate();
  const { span } = usePageTime();
  const filter: AnalysisFilter = { ...span, service };
  return (
    <Page
      title="Analyses"
      note={
        service === undefined ? undefined : (
          <Button icon="close" onClick={() => void navigate({ search: (old) => ({ ...old, service: undefined }) })}>
            service {service}
          </Button>
        )
      }
    >
      <div className="analyses">
        <ErrorRate filter={filter} />
        <Endpoints filter={filter} />
        <Security filter={filter} />
        <Business filter={filter} />
        <Funnel filter={filter} events={events} within={within} />
      </div>
    </Page>
  );
}
