import type { Metadata, Viewport } from 'next';
import type { ReactNode } from 'react';
import { PageWatch } from '@/components/page-watch';
import { SiteHeader } from '@/components/site-header';
import { currentGuest } from '@/lib/accounts/session';
import './globals.css';

/** Every page shows live data of the visitor; nothing can be rendered at build time. */
export const dynamic = 'force-dynamic';

export const metadata: Metadata = {
  title: { default: 'YumZoom — find your next favourite table', template: '%s · YumZoom' },
  description: 'Honest ratings of restaurants in eight cities, from people who ate there.',
};

export const viewport: Viewport = { colorScheme: 'light dark' };

export default async function RootLayout({ children }: { children: ReactNode }) {
  const guest = await currentGuest();
  return (
    <html lang="en">
      <body>
        <PageWatch userId={guest ? String(guest.id) : null} />
        <a className="skip" href="#content">
          Skip to content
        </a>
        <SiteHeader />
        <main id="content">{children}</main>
        <footer className="site-footer">
          <p>
            <strong>YumZoom</strong> is a demo. The restaurants, guests and ratings are made up; the appetite is real.
          </p>
          <p>
            <a href="/api/health">Health</a> · <a href="/ops/faults">Faults</a>
          </p>
        </footer>
      </body>
    </html>
  );
}
