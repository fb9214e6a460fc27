const METHODS = ['debug', 'log', 'info', 'warn', 'error'] as const;
export type ConsoleMethod = (typeof METHODS)[number];

/**
 * Tells of every call of the console's methods; the console itself shows them as before. What is written while `told` runs is none of
 * the application, and what it throws is dropped.
 * @param methods default all: `debug`, `log`, `info`, `warn`, `error`
 * @returns ends it
 */
export function watchConsole(
  told: (method: ConsoleMethod, args: readonly unknown[]) => void,
  methods: readonly ConsoleMethod[] = METHODS,
): () => void {
  let busy = false;
  let ended = false;
  const undo = methods.map((method) => {
    const original = console[method];
    const watched = (...args: unknown[]) => {
      original.apply(console, args);
      if (busy || ended) {
        return;
      }
      busy = true;
      try {
        told(method, args);
      } catch {
        // Nothing that is logged may break the application.
      } finally {
        busy = false;
      }
    };
    console[method] = watched;
    return () => {
      // Whoever wrapped it since goes on through it.
      if (console[method] === watched) console[method] = original;
    };
  });
  return () => {
    ended = true;
    for (const restore of undo) restore();
  };
}
