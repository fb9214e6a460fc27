import { fieldSource, isIndexed, wordsOf } from './fields.ts';
import type { Condition, FieldTest } from './query-language.ts';

/** A record as the live tail sees it: columns by name, attributes as a flat map. */
export type Matchable = Record<string, unknown> & { attributes?: Record<string, string> };

/** Makes the test that holds for the records which the query's SQL would find. */
export function toMatcher(condition: Condition): (record: Matchable) => boolean {
  switch (condition.kind) {
    case 'all': {
      const tests = condition.items.map(toMatcher);
      return (record) => tests.every((test) => test(record));
    }
    case 'any': {
      const tests = condition.items.map(toMatcher);
      return (record) => tests.some((test) => test(record));
    }
    case 'not': {
      const test = toMatcher(condition.item);
      return (record) => !test(record);
    }
    case 'text':
      return textMatcher(condition.text.toLowerCase(), condition.prefix);
    case 'field':
      return fieldMatcher(condition.field, condition.test);
  }
}

function textMatcher(text: string, prefix: boolean): (record: Matchable) => boolean {
  const words = wordsOf(text);
  const whole = (prefix ? words.slice(0, -1) : words).filter(isIndexed);
  return (record) => {
    const message = String(record['message'] ?? '').toLowerCase();
    if (!message.includes(text)) return false;
    const present = new Set(wordsOf(message));
    return whole.every((word) => present.has(word));
  };
}

function fieldMatcher(field: string, test: FieldTest): (record: Matchable) => boolean {
  const source = fieldSource(field);
  const matches = testMatcher(test);
  return (record) => {
    const value = source.kind === 'attribute' ? record.attributes?.[source.key] : record[source.column];
    if (value === undefined || value === null || (value === '' && source.kind === 'text')) return matches(undefined);
    return matches(String(value));
  };
}

function testMatcher(test: FieldTest): (value: string | undefined) => boolean {
  switch (test.op) {
    case 'exists':
      return (value) => value !== undefined;
    case 'in':
      return (value) => test.values.includes(value ?? '') && value !== undefined;
    case 'like': {
      const pattern = new RegExp(`^${test.pattern.split('*').map(escapeRegExp).join('[^]*')}$`, 'i');
      return (value) => value !== undefined && pattern.test(value);
    }
    case 'compare':
      return (value) => compare(numberOf(value), test.comparison, test.value);
    case 'range':
      return (value) => {
        const number = numberOf(value);
        return number >= test.from && number <= test.to;
      };
  }
}

function compare(number: number, comparison: string, bound: number): boolean {
  switch (comparison) {
    case '>':
      return number > bound;
    case '>=':
      return number >= bound;
    case '<':
      return number < bound;
    default:
      return number <= bound;
  }
}

function numberOf(value: string | undefined): number {
  return value === undefined || value.trim() === '' ? Number.NaN : Number(value);
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
