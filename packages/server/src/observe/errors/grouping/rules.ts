import { type ErrorEvent, thrownOf } from '../event.ts';

/** A rule of the project: events that match get the fingerprint, in which `{{ default }}` stands for the usual parts. */
export interface GroupingRule {
  /** Patterns in which `*` stands for anything; all that are given must match. */
  match: Readonly<Partial<Record<'type' | 'message' | 'path' | 'function' | 'transaction' | 'release', string>>>;
  fingerprint: readonly string[];
}

/** The fingerprint of the first rule that matches; undefined where none does. */
export function applyRules(event: ErrorEvent, rules: readonly GroupingRule[]): string[] | undefined {
  const rule = rules.find(({ match }) => matchesEvent(event, match));
  return rule ? [...rule.fingerprint] : undefined;
}

/** Whether the values of an event match the patterns of a rule. */
export function matchesEvent(event: ErrorEvent, match: GroupingRule['match']): boolean {
  const values = valuesOf(event);
  return Object.entries(match).every(([key, pattern]) => {
    const expected = toPattern(pattern);
    return (values[key] ?? []).some((value) => expected.test(value));
  });
}

function valuesOf(event: ErrorEvent): Record<string, string[]> {
  const thrown = thrownOf(event);
  const frames = thrown?.stacktrace?.frames ?? [];
  return {
    type: [thrown?.type ?? ''],
    message: [thrown?.value ?? event.message],
    path: frames.flatMap(({ filename, abs_path: path }) => [filename, path].filter((text) => text !== undefined)),
    function: frames.flatMap((frame) => frame.function ?? []),
    transaction: [event.transaction ?? ''],
    release: [event.release ?? ''],
  };
}

function toPattern(glob: string): RegExp {
  const source = glob
    .split('*')
    .map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${source}$`, 'is');
}
