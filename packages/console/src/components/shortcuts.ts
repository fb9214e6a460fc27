import { useEffect, useRef, useSyncExternalStore } from 'react';

/** Keys by name (`j`, `Enter`, `g o`, `mod+k`) and what each does. Return false to let the key pass. */
export type Bindings = Record<string, (event: KeyboardEvent) => unknown>;

const KEY = 'yumops.shortcuts';
/** How long `g` waits for its letter, milliseconds. */
const SEQUENCE = 1200;

const layers: { current: Bindings }[] = [];
const listeners = new Set<() => void>();
let enabled = localStorage.getItem(KEY) !== 'off';
let pauses = 0;
let prefix: { key: string; until: number } | null = null;

export function setShortcuts(on: boolean): void {
  enabled = on;
  localStorage.setItem(KEY, on ? 'on' : 'off');
  for (const listener of listeners) listener();
}

/** Whether single-letter keys are on; a person may switch them off in Settings. */
export function useShortcutsEnabled(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => enabled,
  );
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.closest('input, textarea, select, [role="dialog"], [role="menu"]') !== null;
}

function nameOf(event: KeyboardEvent): string {
  if (event.metaKey || event.ctrlKey) return `mod+${event.key.toLowerCase()}`;
  if (prefix !== null && prefix.until > event.timeStamp) return `${prefix.key} ${event.key}`;
  return event.key;
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.altKey || pauses > 0) return;
  const name = nameOf(event);
  prefix = null;
  const withModifier = name.startsWith('mod+');
  if (!withModifier && (isTyping(event.target) || (!enabled && name.length === 1))) return;
  if (name === 'g') {
    prefix = { key: 'g', until: event.timeStamp + SEQUENCE };
    return;
  }
  for (const layer of layers.toReversed()) {
    const action = layer.current[name];
    if (action !== undefined && action(event) !== false) {
      event.preventDefault();
      return;
    }
  }
}

/** Binds keys while the component is on the page; the newest layer is asked first. Never inside inputs or dialogs. */
export function useShortcuts(bindings: Bindings): void {
  const layer = useRef(bindings);
  useEffect(() => {
    layer.current = bindings;
  });
  useEffect(() => {
    layers.push(layer);
    if (layers.length === 1) window.addEventListener('keydown', onKeyDown);
    return () => {
      layers.splice(layers.indexOf(layer), 1);
      if (layers.length === 0) window.removeEventListener('keydown', onKeyDown);
    };
  }, []);
}

/** While `on`, no key does anything: something lies over the page, or is about to. */
export function usePausedShortcuts(on: boolean): void {
  useEffect(() => {
    if (!on) return;
    pauses += 1;
    return () => {
      pauses -= 1;
    };
  }, [on]);
}
