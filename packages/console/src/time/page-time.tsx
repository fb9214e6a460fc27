import { useMatches, useNavigate, useSearch } from '@tanstack/react-router';
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import { REFRESH } from '../api/queries.ts';
import { type Range, type RangeSearch, rangeFromSearch, resolveRange, type Span, searchFromRange } from './range.ts';

/** The time of a page: its range, the instants it stands for, and whether the page reads again by itself. */
export interface PageTime {
  range: Range;
  span: Span;
  live: boolean;
  setLive(live: boolean): void;
  /** Moves a relative range up to now. */
  refresh(): void;
  setRange(range: Range): void;
}

const PageTimeContext = createContext<PageTime | null>(null);

export function PageTimeProvider({ children }: { children: ReactNode }) {
  const search = useSearch({ strict: false }) as RangeSearch;
  const navigate = useNavigate();
  const [live, setLive] = useState(true);
  const [now, setNow] = useState(() => Date.now());
  const { range: length, from, to } = search;

  const still = useMatches().some((match) => match.staticData.range === true);
  const [wasStill, setWasStill] = useState(still);
  if (still !== wasStill) {
    setWasStill(still);
    setNow(Date.now());
  }

  // What a person reads in a range must not move away under their eyes: there, only they move it.
  useEffect(() => {
    if (!live || still) return;
    const timer = setInterval(() => {
      if (!document.hidden) setNow(Date.now());
    }, REFRESH);
    return () => clearInterval(timer);
  }, [live, still]);

  const value = useMemo<PageTime>(() => {
    const range = rangeFromSearch(definedOnly({ range: length, from, to }));
    return {
      range,
      span: resolveRange(range, now),
      live,
      setLive,
      refresh: () => setNow(Date.now()),
      setRange: (next) => {
        setNow(Date.now());
        void navigate({ to: '.', search: (old: object) => ({ ...old, ...searchFromRange(next) }) });
      },
    };
  }, [length, from, to, now, live, navigate]);

  return <PageTimeContext value={value}>{children}</PageTimeContext>;
}

function definedOnly(search: { [Key in keyof RangeSearch]: string | undefined }): RangeSearch {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined));
}

export function usePageTime(): PageTime {
  const value = useContext(PageTimeContext);
  if (value === null) throw new Error('usePageTime is used outside of a page');
  return value;
}

/** The `refetchInterval` of a query on a page: every few seconds while the page is live, else never. */
export function useLiveInterval(): number | false {
  return usePageTime().live ? REFRESH : false;
}
