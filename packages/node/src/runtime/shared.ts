const KEY = Symbol.for('yumops.node.1');

/**
 * One value per process, even when bundlers put several copies of this package into one application
 * or when it is loaded both as ESM and as CommonJS.
 */
export function shared<Value>(name: string, create: () => Value): Value {
  const root = globalThis as { [KEY]?: Map<string, unknown> };
  root[KEY] ??= new Map();
  const values = root[KEY];
  if (!values.has(name)) {
    values.set(name, create());
  }
  return values.get(name) as Value;
}
