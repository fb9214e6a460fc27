import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { OnCallSituation } from '@yumops/protocol';
import { onCallNowQuery } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Freshness } from '../../components/freshness.tsx';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { useNow } from '../../time/now.ts';
import { useLiveInterval } from '../../time/page-time.tsx';
import { useZone } from '../../time/zone.ts';
import { Calendar } from './calendar.tsx';
import { calendarSpan } from './calendar-span.ts';
import { FeedForm, Feeds } from './feeds.tsx';
import { NoSchedules } from './no-schedules.tsx';
import { OverrideForm } from './override-form.tsx';
import { Overrides } from './overrides.tsx';
import { useMayChange } from './rights.ts';
import { Simulate } from './simulate.tsx';
import { Situations } from './situation.tsx';
import { SwapForm } from './swap-form.tsx';
import './on-call.css';

const route = getRouteApi('/console/on-call');

/** Who is called now, who is next, until when; and every way to change that. */
export function OnCallPage() {
  const query = useQuery({ ...onCallNowQuery, refetchInterval: useLiveInterval() });
  const some = (query.data?.items.length ?? 0) > 0;
  return (
    <Page
      title="On-call"
      note={<Freshness updatedAt={query.dataUpdatedAt} failed={query.isError} />}
      actions={some && <Actions />}
    >
      <QueryView query={query} what="who is on call" rows={8}>
        {({ items }) => (items.length === 0 ? <NoSchedules /> : <Schedules schedules={items} />)}
      </QueryView>
    </Page>
  );
}

function Actions() {
  const navigate = route.useNavigate();
  const mayChange = useMayChange();
  const open = (form: string) => () => void navigate({ search: (old) => ({ ...old, do: form }) });
  return (
    <>
      <Button look="primary" icon="on-call" disabled={!mayChange} onClick={open('override')}>
        Put somebody on call
      </Button>
      <Button icon="swap" disabled={!mayChange} onClick={open('swap')}>
        Swap two turns
      </Button>
      <Button icon="calendar" disabled={!mayChange} onClick={open('link')}>
        Calendar link
      </Button>
    </>
  );
}

function Schedules({ schedules }: { schedules: readonly OnCallSituation[] }) {
  const search = route.useSearch();
  const zone = useZone();
  const now = useNow();
  const span = calendarSpan({ span: search.span, day: search.day }, { now, zone });
  const mayChange = useMayChange();
  return (
    <>
      <Panel title="Now" flush>
        <Situations items={schedules} />
      </Panel>
      <Calendar span={span} schedules={schedules} />
      <Simulate />
      <div className="on-call-lists">
        <Overrides span={span} schedules={schedules} />
        <Feeds />
      </div>
      {mayChange && search.do === 'override' && <OverrideForm schedules={schedules} />}
      {mayChange && search.do === 'swap' && <SwapForm schedules={schedules} />}
      {mayChange && search.do === 'link' && <FeedForm schedules={schedules} />}
    </>
  );
}
