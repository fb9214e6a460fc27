'use client';

import { setUser, setView } from '@yumops/browser';
import { useParams, usePathname } from 'next/navigation';
import { useEffect } from 'react';
import { watchPage } from '@/lib/monitoring/performance-monitor';

/** Watches the page that is shown, for the guest who is signed in; draws nothing. */
export function PageWatch({ userId }: { userId: string | null }) {
  const route = template(usePathname(), useParams());
  useEffect(watchPage, []);
  useEffect(() => setUser(userId), [userId]);
  useEffect(() => setView(route), [route]);
  return null;
}

/** The path with its parameters replaced by their names, as the routes of the site are written. */
function template(path: string, parameters: Record<string, string | string[] | undefined> | null): string {
  const names = new Map(Object.entries(parameters ?? {}).map(([name, value]) => [String(value), `[${name}]`]));
  return path
    .split('/')
    .map((segment) => names.get(decodeURIComponent(segment)) ?? segment)
    .join('/');
}
