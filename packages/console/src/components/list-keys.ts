import { useRef } from 'react';
import { useShortcuts } from './shortcuts.ts';

/** Lets `j` and `k` walk the elements marked `data-row` inside the list, while `on`; Enter is the link's own. */
export function useListKeys<List extends HTMLElement>(on = true) {
  const list = useRef<List>(null);
  const move = (step: 1 | -1) => {
    if (!on) return false;
    const rows = [...(list.current?.querySelectorAll<HTMLElement>('[data-row]') ?? [])];
    const at = rows.indexOf(document.activeElement as HTMLElement);
    const next = at === -1 ? rows[step === 1 ? 0 : rows.length - 1] : rows[at + step];
    next?.focus();
    next?.scrollIntoView({ block: 'nearest' });
    return true;
  };
  useShortcuts({ j: () => move(1), k: () => move(-1) });
  return list;
}
