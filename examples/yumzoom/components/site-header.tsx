import Link from 'next/link';
import { currentGuest } from '@/lib/accounts/session';

/** Brand, navigation, search, and who is signed in. */
export async function SiteHeader() {
  const guest = await currentGuest();
  return (
    <header className="site-header">
      <Link href="/" className="brand" prefetch={false}>
        <Logo />
        YumZoom
      </Link>
      <form action="/search" className="header-search">
        <input
          type="search"
          className="header-search-input"
          name="query"
          placeholder="Ramen, tacos, Lisbon…"
          aria-label="Search restaurants"
        />
      </form>
      <nav aria-label="Main">
        <Link href="/restaurants" className="nav-link" prefetch={false}>
          Browse
        </Link>
        <Link href="/nearby" className="nav-link" prefetch={false}>
          Near you
        </Link>
        {guest ? (
          <Link href="/dashboard" className="nav-link nav-pill" prefetch={false}>
            {guest.displayName.split(' ')[0]}
          </Link>
        ) : (
          <Link href="/sign-in" className="nav-link nav-pill" prefetch={false}>
            Sign in
          </Link>
        )}
      </nav>
    </header>
  );
}

function Logo() {
  return (
    <svg viewBox="0 0 32 32" className="logo" aria-hidden="true">
      <circle cx="16" cy="16" r="16" />
      <path d="M10 7v6a3 3 0 0 0 6 0V7M13 7v18M19 25l3-8h-4l4-10" />
    </svg>
  );
}
