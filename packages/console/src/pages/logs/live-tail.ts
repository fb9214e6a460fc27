import type { LogRow, LogTailEvent } from '@yumops/protocol';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { withParameters } from '../../api/client.ts';
import { inProject } from '../../api/project.ts';

/** Lines kept on the page; older ones are still in the store. */
const KEPT = 2000;
/** How often arrived lines are put on the page, milliseconds. */
const PAINT = 250;

export interface Tail {
  state: 'off' | 'connecting' | 'open' | 'lost';
  /** Newest first. */
  rows: readonly LogRow[];
  /** Arrived while paused. */
  waiting: number;
  /** Lines that the server or this page had to leave out. */
  dropped: number;
}

const OFF: Tail = { state: 'off', rows: [], waiting: 0, dropped: 0 };

interface Arrivals {
  /** As they came, oldest first; read only when they are shown, which most of a fast log never are. */
  rows: string[];
  dropped: number;
}

/**
 * Follows new log lines while `on`. While `paused` they are counted and kept aside, and shown when it ends.
 */
export function useTail(q: string, on: boolean, paused: boolean): Tail {
  const [tail, setTail] = useState<Tail>(OFF);
  const arrived = useRef<Arrivals>({ rows: [], dropped: 0 });
  const holding = useRef(paused);
  useLayoutEffect(() => {
    holding.current = paused;
  }, [paused]);

  useEffect(() => {
    if (!on) return;
    arrived.current = { rows: [], dropped: 0 };
    setTail({ ...OFF, state: 'connecting' });
    const source = new EventSource(inProject(withParameters('/api/v1/logs/tail', { q })));
    listen(source, arrived.current, (state) => setTail((old) => ({ ...old, state })));
    const timer = setInterval(() => {
      const held = holding.current || document.hidden;
      setTail((old) => merge(old, arrived.current, held));
    }, PAINT);
    return () => {
      clearInterval(timer);
      source.close();
      setTail(OFF);
    };
  }, [q, on]);
  return tail;
}

function listen(source: EventSource, arrivals: Arrivals, setState: (state: Tail['state']) => void): void {
  source.onopen = () => setState('open');
  source.onerror = () => setState('lost');
  source.addEventListener('row', (event) => {
    arrivals.rows.push(event.data as string);
    // Cut in large steps: taking lines away one by one would cost as much as showing them.
    if (arrivals.rows.length >= 2 * KEPT) {
      arrivals.dropped += arrivals.rows.length - KEPT;
      arrivals.rows = arrivals.rows.slice(-KEPT);
    }
  });
  source.addEventListener('dropped', (event) => {
    arrivals.dropped += (JSON.parse(event.data) as { count: number }).count;
  });
}

function merge(old: Tail, arrivals: Arrivals, held: boolean): Tail {
  if (held) {
    const unchanged = old.waiting === arrivals.rows.length && old.dropped === arrivals.dropped;
    return unchanged ? old : { ...old, waiting: arrivals.rows.length, dropped: arrivals.dropped };
  }
  if (arrivals.rows.length === 0 && old.waiting === 0 && old.dropped === arrivals.dropped) return old;
  // Of lines of the same millisecond the last to come is the newest.
  const fresh = arrivals.rows
    .splice(0)
    .slice(-KEPT)
    .reverse()
    .map((text) => JSON.parse(text) as LogTailEvent)
    .sort((a, b) => (a.timestamp < b.timestamp ? 1 : a.timestamp > b.timestamp ? -1 : 0));
  const rows = [...fresh, ...old.rows].slice(0, KEPT);
  return { ...old, rows, waiting: 0, dropped: arrivals.dropped };
}
