import { Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { type Bindings, usePausedShortcuts, useShortcuts } from '../components/shortcuts.ts';
import { PageTimeProvider } from '../time/page-time.tsx';
import { ConnectionBanner } from './connection-banner.tsx';
import { pageGroups } from './navigation.ts';
import { PhoneBar } from './phone-bar.tsx';
import { Rail } from './rail.tsx';
import { TopBar } from './top-bar.tsx';
import { useMedia } from './use-media.ts';
import { usePages } from './use-pages.ts';
import './shell.css';

const Palette = lazy(() => import('./palette.tsx'));
const KeySheet = lazy(() => import('./key-sheet.tsx'));

type Overlay = 'palette' | 'keys' | null;

/** The frame around every page: rail, top bar, and what lies over the page. */
export function Shell() {
  const [overlay, setOverlay] = useState<Overlay>(null);
  const main = useFocusOnPageChange();
  const phone = useMedia('(max-width: 760px)');
  useGlobalKeys(setOverlay);
  usePausedShortcuts(overlay !== null);
  return (
    <PageTimeProvider>
      <div className="shell">
        <a className="skip" href="#content">
          Skip to the content
        </a>
        {phone ? <PhoneBar /> : <Rail />}
        <TopBar openPalette={() => setOverlay('palette')} openKeys={() => setOverlay('keys')} />
        <div className="shell-page">
          <ConnectionBanner />
          <main id="content" className="shell-main" tabIndex={-1} ref={main}>
            <Outlet />
          </main>
        </div>
      </div>
      <Suspense>
        {overlay === 'palette' && <Palette close={() => setOverlay(null)} />}
        {overlay === 'keys' && <KeySheet close={() => setOverlay(null)} />}
      </Suspense>
    </PageTimeProvider>
  );
}

/** A new page takes the focus, so that reading and tabbing begin at its top. */
function useFocusOnPageChange() {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const shown = useRef(pathname);
  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    main.current?.focus({ preventScroll: true });
  }, [pathname]);
  return main;
}

function useGlobalKeys(setOverlay: (overlay: Overlay) => void): void {
  const navigate = useNavigate();
  const asked = usePages();
  const bindings: Bindings = {
    'mod+k': () => setOverlay('palette'),
    '?': () => setOverlay('keys'),
  };
  for (const { to, letter } of pageGroups(asked).flatMap((group) => group.pages)) {
    bindings[`g ${letter}`] = () => navigate({ to });
  }
  useShortcuts(bindings);
}
