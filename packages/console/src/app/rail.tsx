import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { alertsQuery, REFRESH } from '../api/queries.ts';
import { IconButton } from '../components/button.tsx';
import { Icon } from '../components/icon.tsx';
import { Mark } from '../components/mark.tsx';
import { type PageLink, pageGroups } from './navigation.ts';
import { usePages } from './use-pages.ts';
import './rail.css';

const KEY = 'yumops.rail';

/** The way to every page, at the left. */
export function Rail() {
  const [narrow, setNarrow] = useState(() => localStorage.getItem(KEY) === 'narrow');
  const asked = usePages();
  const toggle = () => {
    localStorage.setItem(KEY, narrow ? 'wide' : 'narrow');
    setNarrow(!narrow);
  };
  return (
    <nav className={narrow ? 'rail rail-narrow' : 'rail'} aria-label="Pages">
      <div className="rail-brand">
        <Mark />
        <span className="rail-name">YumOps</span>
      </div>
      {pageGroups(asked).map(({ name, pages }) => (
        <div className="rail-group" key={pages[0]?.to}>
          {name !== null && <h2 className="rail-heading">{name}</h2>}
          <ul>
            {pages.map((page) => (
              <li key={page.to}>
                <RailLink page={page} />
              </li>
            ))}
          </ul>
        </div>
      ))}
      <div className="rail-foot">
        <IconButton
          icon="rail"
          label={narrow ? 'Show labels' : 'Collapse to icons'}
          aria-pressed={narrow}
          onClick={toggle}
        />
      </div>
    </nav>
  );
}

/** The link to a page; the one to the alerts counts those that fire. */
export function RailLink({ page }: { page: PageLink }) {
  const firing = useQuery({ ...alertsQuery('firing'), refetchInterval: REFRESH, enabled: page.to === '/alerts' });
  const count = page.to === '/alerts' ? (firing.data?.items.length ?? 0) : 0;
  return (
    <Link
      to={page.to}
      className="rail-link"
      activeOptions={{ exact: page.to === '/', includeSearch: false }}
      activeProps={{ 'aria-current': 'page' }}
    >
      <Icon name={page.icon} />
      <span className="rail-label">{page.label}</span>
      {count > 0 && (
        <span className="rail-count">
          {count}
          <span className="visually-hidden"> firing</span>
        </span>
      )}
    </Link>
  );
}
