import { createRequire } from 'node:module';
import type jsonata from 'jsonata';
import { shorten } from './assert.ts';

/** What one evaluation may cost; an expression that needs more does not belong into a check. */
const LIMITS = { timeout: 500, stack: 200, sequence: 100_000 };

/** How many compiled expressions are kept. */
const KEPT = 5_000;
const compiled = new Map<string, jsonata.Expression>();
/** Loads the language when the first expression is met: most configurations have none. */
const load = createRequire(import.meta.url);

/** @returns what is wrong with an expression, and where in it, or null */
export function expressionProblem(text: string): { message: string; offset: number } | null {
  try {
    compile(text);
    return null;
  } catch (error) {
    const { position = 0 } = error as Partial<jsonata.JsonataError>;
    return { message: `the JSONata expression cannot be read: ${textOf(error)}`, offset: position };
  }
}

/** @returns a sentence when the expression is not true of the document, or null */
export async function untrue(text: string, document: unknown): Promise<string | null> {
  if (document === undefined) return `Expected JSONata ${text}, but the body is not JSON.`;
  try {
    const found: unknown = await compile(text).evaluate(document);
    if (isTrue(found)) return null;
    const shown = found === undefined ? 'nothing' : shorten(JSON.stringify(found) ?? String(found));
    return `Expected JSONata ${text}, found ${shown}.`;
  } catch (error) {
    return `Expected JSONata ${text}, but it failed: ${textOf(error)}`;
  }
}

function compile(text: string): jsonata.Expression {
  const known = compiled.get(text);
  if (known) return known;
  if (compiled.size >= KEPT) compiled.clear();
  const language = load('jsonata') as typeof jsonata;
  const expression = language(text, LIMITS);
  compiled.set(text, expression);
  return expression;
}

/** As JSONata's own `$boolean` has it: nothing, and what is empty, is false. */
function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isTrue);
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** JSONata throws plain objects. */
function textOf(error: unknown): string {
  const { message } = error as { message?: unknown };
  return typeof message === 'string' ? message : String(error);
}
