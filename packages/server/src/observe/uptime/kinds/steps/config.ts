import { z } from 'zod';
import type { AssertionSubject } from '../../assertion.ts';
import { parseSubject } from '../../assertion.ts';
import { commonKeys, type MonitorBase } from '../../config-base.ts';
import type { MonitorCompiler } from '../../config-compile.ts';
import { compileExpectation, type HttpExpectation, requestKeys } from '../http/config.ts';
import { namesIn } from './placeholder.ts';

/** One request, whose parts may hold values that earlier steps saved. */
export interface Step extends HttpExpectation {
  name: string;
  url: string;
  /** What is kept of the answer, by the name that later steps use. */
  save: Readonly<Record<string, AssertionSubject>>;
}

/** Requests that follow each other, each with what the ones before it found. */
export interface StepsMonitorConfig extends MonitorBase {
  kind: 'steps';
  steps: readonly Step[];
}

const stepShape = z.strictObject({
  name: z.string().min(1).describe('Name of the step'),
  ...requestKeys,
  save: z
    .record(z.string().regex(/^\w+$/), z.string())
    .optional()
    .describe('What later steps may use as {{NAME}}: json.PATH, header.NAME, status or body'),
});

/** An item of `monitors:` of kind steps, as written. */
export const stepsMonitorShape = z.strictObject({
  ...commonKeys,
  kind: z.literal('steps'),
  steps: z.array(stepShape).min(1).max(50).describe('Requests, one after the other'),
});

type RawStep = z.infer<typeof stepShape>;

export function compileSteps(raw: z.infer<typeof stepsMonitorShape>, compiler: MonitorCompiler): StepsMonitorConfig {
  const known = new Set<string>();
  const steps = raw.steps.map((step, index) => compileStep(step, known, compiler.within('steps', index)));
  const url = raw.steps[0]?.url ?? '';
  return { kind: 'steps', ...compiler.base(raw, { url, target: url }), steps };
}

/** @param known names that earlier steps save; those of this step are added */
function compileStep(raw: RawStep, known: Set<string>, compiler: MonitorCompiler): Step {
  const { url } = compiler.address(raw.url, ['url']);
  const parts: [string, string][] = [
    ['url', raw.url],
    ['body', raw.body ?? ''],
    ...Object.entries(raw.headers ?? {}),
    ['auth', raw.auth?.bearer ?? ''],
  ];
  for (const [key, text] of parts) {
    const missing = namesIn(text).find((name) => !known.has(name));
    if (missing === undefined) continue;
    const path = key in raw ? [key] : ['headers', key];
    const suggestion = `add save: {${missing}: json.PATH} to a step before it`;
    compiler.report({ code: 'E103', path, message: `no earlier step saves "${missing}"`, suggestion });
  }
  const save = compileSave(raw.save ?? {}, compiler);
  for (const name of Object.keys(save)) known.add(name);
  return { name: raw.name, url, ...compileExpectation(raw, compiler), save };
}

function compileSave(raw: Record<string, string>, { report }: MonitorCompiler): Step['save'] {
  const save: Record<string, AssertionSubject> = {};
  for (const [name, text] of Object.entries(raw)) {
    const subject = parseSubject(text);
    if (subject && ['json', 'header', 'status', 'body'].includes(subject.kind)) save[name] = subject;
    else {
      const suggestion = 'write json.PATH, header.NAME, status or body';
      report({ code: 'E104', path: ['save', name], message: `"${text}" cannot be saved`, suggestion });
    }
  }
  return save;
}
