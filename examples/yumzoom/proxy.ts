import { refuseBlocked } from '@yumops/node/next/proxy';
import { type NextRequest, NextResponse } from 'next/server';
import { SESSION_COOKIE } from '@/lib/accounts/session-cookie';

const GUESTS_ONLY = ['/dashboard', '/account'];

/**
 * Whoever is shut out gets no further. Guests' pages send whoever has no session to the sign-in page before anything is
 * rendered.
 */
export async function proxy(request: NextRequest) {
  const refusal = await refuseBlocked(request);
  if (refusal) return refusal;
  if (!GUESTS_ONLY.includes(request.nextUrl.pathname) || request.cookies.has(SESSION_COOKIE))
    return NextResponse.next();
  const signIn = new URL('/sign-in', request.url);
  signIn.searchParams.set('next', request.nextUrl.pathname);
  return NextResponse.redirect(signIn, 302);
}

/** Everything but assets and the health routes, which machines of our own ask. */
export const config = { matcher: ['/((?!_next/|api/health|api/ops|icon).*)'] };
