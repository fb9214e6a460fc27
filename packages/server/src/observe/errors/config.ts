import { z } from 'zod';
import type { GroupingRule } from './grouping/rules.ts';

/** Whose code it is that matches. */
export interface OwnershipRule {
  match: GroupingRule['match'];
  owners: readonly string[];
}

/** What the configuration says of errors. */
export interface ErrorsConfig {
  ownership: readonly OwnershipRule[];
  grouping: readonly GroupingRule[];
}

const pattern = z.string().min(1);
const matchKeys = {
  type: pattern.optional().describe('Type of the error; * stands for anything, here and below'),
  message: pattern.optional().describe('Message of the error'),
  path: pattern.optional().describe('File of any frame, after source mapping'),
  function: pattern.optional().describe('Function of any frame'),
  transaction: pattern.optional().describe('Route or job'),
  release: pattern.optional().describe('Release'),
};

const needsMatch = (rule: Record<string, unknown>) => Object.keys(matchKeys).some((key) => rule[key] !== undefined);
const MATCH_NEEDED = 'expected at least one of type, message, path, function, transaction, release';

/** `errors:` as written. */
export const errorsShape = z.strictObject({
  ownership: z
    .array(
      z
        .strictObject({ ...matchKeys, owners: z.array(z.string().min(1)).min(1).describe('People or teams') })
        .refine(needsMatch, MATCH_NEEDED),
    )
    .optional()
    .describe('Who owns which errors; the owners of all rules that match'),
  grouping: z
    .array(
      z
        .strictObject({
          ...matchKeys,
          fingerprint: z
            .array(z.string().min(1))
            .min(1)
            .describe('What makes them one; {{ default }} = the usual parts'),
        })
        .refine(needsMatch, MATCH_NEEDED),
    )
    .optional()
    .describe('Which errors are one beside what their stacks say; the first rule that matches'),
});

/** Compiles `errors:`. */
export function compileErrors(raw: z.infer<typeof errorsShape>): ErrorsConfig {
  return {
    ownership: (raw.ownership ?? []).map(({ owners, ...match }) => ({ match: given(match), owners })),
    grouping: (raw.grouping ?? []).map(({ fingerprint, ...match }) => ({ match: given(match), fingerprint })),
  };
}

function given(match: Record<string, string | undefined>): GroupingRule['match'] {
  return Object.fromEntries(Object.entries(match).filter(([, value]) => value !== undefined));
}
