import { z } from 'zod';
import { codeOf, messageOf } from '../../../lib/errors.ts';
import { type Report, within } from '../../../lib/finding.ts';
import { type Matcher, parseMatcher } from '../silence/matcher.ts';
import type { InhibitRule } from './inhibition.ts';

const matchersShape = z.array(z.string()).min(1);

/** An item of `inhibit_rules:` as written. */
export const inhibitRuleShape = z.strictObject({
  source: matchersShape.describe('While an alert with these labels fires, e.g. ["alertname=Database down"]'),
  target: matchersShape.describe('alerts with these labels are not told of'),
  equal: z.array(z.string()).optional().describe('if these labels of both are the same'),
});

export type RawInhibitRule = z.infer<typeof inhibitRuleShape>;

/** Compiles an item; paths count from it. Reports E104 for what is no condition on a label. */
export function compileInhibitRule(raw: RawInhibitRule, report: Report): InhibitRule {
  return {
    source: compileMatchers(raw.source, within(report, 'source')),
    target: compileMatchers(raw.target, within(report, 'target')),
    equal: raw.equal ?? [],
  };
}

/** Compiles conditions on labels; reports E104 for what is none. */
export function compileMatchers(texts: readonly string[], report: Report): Matcher[] {
  return texts.flatMap((text, index) => {
    try {
      return [parseMatcher(text)];
    } catch (error) {
      if (codeOf(error) !== 'invalid_matcher') throw error;
      report({ code: 'E104', path: [index], message: messageOf(error), suggestion: 'write for example service="api"' });
      return [];
    }
  });
}
