import { withProxyLog } from '@yumops/node/next/proxy';
import { type NextRequest, NextResponse } from 'next/server';

export const proxy = withProxyLog(async (request: NextRequest) =>
  request.nextUrl.pathname === '/old' ? NextResponse.redirect(new URL('/', request.url)) : NextResponse.next(),
);
