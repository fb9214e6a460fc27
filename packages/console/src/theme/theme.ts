import { useSyncExternalStore } from 'react';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'yumops.theme';
const darkScheme = window.matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

function stored(): Theme {
  const value = localStorage.getItem(KEY);
  return THEMES.find((theme) => theme === value) ?? 'system';
}

let current = stored();

function apply(): void {
  if (current === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = current;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  darkScheme.addEventListener('change', listener);
  return () => {
    listeners.delete(listener);
    darkScheme.removeEventListener('change', listener);
  };
}

/** Puts the stored choice on the document; call once, before the first paint. */
export function startTheme(): void {
  apply();
}

export function setTheme(theme: Theme): void {
  current = theme;
  localStorage.setItem(KEY, theme);
  apply();
}

/** The person's choice, which may be `system`. */
export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, () => current);
}

/** What is on the screen now: `light` or `dark`. Canvas charts draw again when it changes. */
export function useAppearance(): 'light' | 'dark' {
  return useSyncExternalStore(subscribe, () => {
    if (current !== 'system') return current;
    return darkScheme.matches ? 'dark' : 'light';
  });
}

let probe: HTMLElement | null = null;

/**
 * The colour that a token has now, as a canvas understands it.
 * @param token name without dashes, such as `series-1`
 */
export function tokenColour(token: string): string {
  if (probe === null) {
    probe = document.createElement('i');
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = `var(--${token})`;
  return getComputedStyle(probe).color;
}
