import { useLocation } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { Icon } from '../components/icon.tsx';
import { type PageLink, phonePages } from './navigation.ts';
import { RailLink } from './rail.tsx';
import { usePages } from './use-pages.ts';
import './phone-bar.css';

const MoreSheet = lazy(() => import('./more-sheet.tsx'));

function isAt(pathname: string, { to }: PageLink): boolean {
  return pathname === to || pathname.startsWith(`${to}/`);
}

/** The way to every page on a phone: the four that are needed most, the rest behind a button. */
export function PhoneBar() {
  const [open, setOpen] = useState(false);
  const { pathname } = useLocation();
  const asked = usePages();
  const { bar, more } = phonePages(asked);
  const here = more.flatMap(({ pages }) => pages).find((page) => isAt(pathname, page));
  return (
    <nav className="phone-bar" aria-label="Pages">
      <ul>
        {bar.map((page) => (
          <li key={page.to}>
            <RailLink page={page} />
          </li>
        ))}
        <li>
          <button
            type="button"
            className="rail-link"
            aria-haspopup="dialog"
            aria-expanded={open}
            data-current={here !== undefined}
            onClick={() => setOpen(true)}
          >
            <Icon name="more" />
            <span className="rail-label">More</span>
            {here && <span className="visually-hidden"> pages, now {here.label}</span>}
          </button>
        </li>
      </ul>
      <Suspense>{open && <MoreSheet groups={more} close={() => setOpen(false)} />}</Suspense>
    </nav>
  );
}
