import { type NextRequest, NextResponse } from 'next/server';
import { SESSION_COOKIE } from '@/lib/accounts/session-cookie';

/** Guests' pages send whoever has no session to the sign-in page before anything is rendered. */
export function proxy(request: NextRequest) {
  if (request.cookies.has(SESSION_COOKIE)) return NextResponse.next();
  const signIn = new URL('/sign-in', request.url);
  signIn.searchParams.set('next', request.nextUrl.pathname);
  return NextResponse.redirect(signIn, 302);
}

export const config = { matcher: ['/dashboard', '/account'] };
