import { getRouteApi } from '@tanstack/react-router';
import { Page } from '../../components/page.tsx';
import { Views } from '../../components/views.tsx';
import { ErrorList } from './error-list.tsx';
import { LossesView } from './losses-view.tsx';
import { Releases } from './releases.tsx';
import './errors.css';

const route = getRouteApi('/console/errors');

const VIEWS = [
  { view: undefined, label: 'Unresolved' },
  { view: 'resolved', label: 'Resolved' },
  { view: 'ignored', label: 'Ignored' },
  { view: 'releases', label: 'Releases' },
  { view: 'losses', label: 'Not received' },
];

/** What fails in the application, by how many people it meets. */
export function ErrorsPage() {
  const { view } = route.useSearch();
  return (
    <Page title="Errors" note={<Views page="/errors" views={VIEWS} current={view} />}>
      {view === 'releases' ? (
        <Releases />
      ) : view === 'losses' ? (
        <LossesView />
      ) : (
        <ErrorList status={view === 'resolved' || view === 'ignored' ? view : 'unresolved'} />
      )}
    </Page>
  );
}
