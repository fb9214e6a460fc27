import type { ExceptionValue } from './exception.ts';
import { readFrames } from './frames.ts';

/** A script with the id of its source map, as the protocol has it. */
export interface DebugImage {
  type: 'sourcemap';
  code_file: string;
  debug_id: string;
}

/** Scripts by the stack of an error that was made in them. */
const known = new Map<string, string | undefined>();

/** Ids of the source maps of what stands in the stacks; bundlers and their plugins leave them in the process. */
export function debugImagesOf(values: readonly ExceptionValue[]): DebugImage[] {
  const { _debugIds, _sentryDebugIds } = globalThis as Partial<
    Record<'_debugIds' | '_sentryDebugIds', Record<string, string>>
  >;
  const entries = Object.entries({ ..._debugIds, ..._sentryDebugIds });
  if (entries.length === 0) {
    return [];
  }
  const wanted = new Set(values.flatMap(({ stacktrace }) => (stacktrace?.frames ?? []).map((frame) => frame.abs_path)));
  return entries.flatMap(([stack, id]) => {
    const file = scriptOf(stack);
    return file !== undefined && wanted.has(file)
      ? [{ type: 'sourcemap' as const, code_file: file, debug_id: id }]
      : [];
  });
}

function scriptOf(stack: string): string | undefined {
  if (!known.has(stack)) {
    known.set(stack, readFrames(stack).at(-1)?.abs_path);
  }
  return known.get(stack);
}
