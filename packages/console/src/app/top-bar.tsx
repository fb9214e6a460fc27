import { useIsFetching, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMatches } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { instanceQuery } from '../api/queries.ts';
import { IconButton } from '../components/button.tsx';
import { CopyButton } from '../components/copy-button.tsx';
import { Icon } from '../components/icon.tsx';
import { usePageTime } from '../time/page-time.tsx';
import { searchFromRange } from '../time/range.ts';
import { AccountButton } from './account-button.tsx';
import { OnCallButton } from './on-call-button.tsx';
import { ProjectSwitch } from './project-switch.tsx';
import { stringifySearch } from './search-params.ts';
import './top-bar.css';

const TimeControl = lazy(() => import('./time-control.tsx'));

export interface TopBarProps {
  openPalette(): void;
  openKeys(): void;
}

/** Where one is, the time of the page, the way to everything else. */
export function TopBar({ openPalette, openKeys }: TopBarProps) {
  const instance = useQuery(instanceQuery).data;
  const hasRange = useMatches().some((match) => match.staticData.range === true);
  return (
    <header className="top-bar">
      <p className="top-bar-place">
        <strong className="truncate">{instance?.service ?? 'YumOps'}</strong>
        {instance !== undefined && <span className="top-bar-environment truncate">{instance.environment}</span>}
      </p>
      <ProjectSwitch />
      <button type="button" className="top-bar-palette" onClick={openPalette}>
        <Icon name="search" />
        <span className="top-bar-palette-text">Go to page, monitor or rule</span>
        <kbd>{isMac() ? '⌘K' : 'Ctrl K'}</kbd>
      </button>
      <OnCallButton />
      <div className="top-bar-tools">
        {hasRange && (
          <Suspense>
            <TimeControl />
          </Suspense>
        )}
        <Refresh live={!hasRange} />
        <CopyLink />
        <AccountButton openKeys={openKeys} />
      </div>
    </header>
  );
}

/** `live` pages read their data again by themselves; a page with a range moves when it is asked to. */
function Refresh({ live: canLive }: { live: boolean }) {
  const { live, setLive, refresh } = usePageTime();
  const queryClient = useQueryClient();
  const busy = useIsFetching() > 0;
  const again = () => {
    refresh();
    void queryClient.invalidateQueries();
  };
  return (
    <div className="top-bar-refresh">
      <IconButton icon="refresh" label="Refresh now" onClick={again} data-busy={busy} />
      {canLive && (
        <button type="button" className="live-switch" aria-pressed={live} onClick={() => setLive(!live)}>
          <Icon name={live ? 'play' : 'pause'} />
          <span>Live</span>
        </button>
      )}
    </div>
  );
}

/** A shared link shows what is on the screen now, not what will be then. */
function CopyLink() {
  const { span } = usePageTime();
  const hasRange = useMatches().some((match) => match.staticData.range === true);
  const absolute = () => {
    const { origin, pathname, search } = window.location;
    if (!hasRange) return `${origin}${pathname}${search}`;
    const fixed = {
      ...Object.fromEntries(new URLSearchParams(search)),
      ...searchFromRange({ kind: 'between', ...span }),
    };
    return `${origin}${pathname}${stringifySearch(fixed)}`;
  };
  return <CopyButton text={absolute} label="Copy link" icon="link" />;
}

function isMac(): boolean {
  return /mac|iphone|ipad/i.test(navigator.userAgent);
}
