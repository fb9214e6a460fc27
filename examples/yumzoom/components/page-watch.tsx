'use client';

import { useParams, usePathname } from 'next/navigation';
import { useEffect, useRef } from 'react';
import { watchPage } from '@/lib/monitoring/performance-monitor';

/** Watches the page that is shown; draws nothing. */
export function PageWatch() {
  const route = useRef('/');
  route.current = template(usePathname(), useParams());
  useEffect(() => {
    watchPage(() => route.current);
  }, []);
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
