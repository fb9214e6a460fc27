/**
 * One value per process, whichever bundle asks first: Next.js may load a module once for pages and once more for
 * the instrumentation hook.
 */
export function once<Value>(name: string, create: () => Value): Value {
  const key = Symbol.for(`yumzoom.${name}`);
  const root = globalThis as { [key]?: Value };
  root[key] ??= create();
  return root[key];
}
