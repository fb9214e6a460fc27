import type { NextRequest } from 'next/server';

/** True for a form of a page, which wants to go on to a page; scripts want JSON. */
export const wantsPage = (request: NextRequest) => (request.headers.get('accept') ?? '').includes('text/html');

/** Sends the browser on with GET. The location is relative: the site may stand behind any name. */
export const seeOther = (path: string) => new Response(null, { status: 303, headers: { location: path } });
