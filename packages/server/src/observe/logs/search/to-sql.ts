import { type FieldSource, fieldSource, isIndexed, wordsOf } from './fields.ts';
import type { Condition, FieldTest } from './query-language.ts';

/** A condition as SQL over `logs`. Values are in `params` alone. */
export interface SqlCondition {
  sql: string;
  params: Record<string, unknown>;
}

/** Translates a log query to SQL with bound values. */
export function toSql(condition: Condition): SqlCondition {
  const params: Record<string, unknown> = {};
  const bind = (value: unknown, type: string) => {
    const name = `q${Object.keys(params).length}`;
    params[name] = value;
    return `{${name}:${type}}`;
  };
  return { sql: translate(condition, bind), params };
}

type Bind = (value: unknown, type: string) => string;

function translate(condition: Condition, bind: Bind): string {
  switch (condition.kind) {
    case 'all':
      return condition.items.length === 0 ? 'true' : group(condition.items, ' AND ', bind);
    case 'any':
      return group(condition.items, ' OR ', bind);
    case 'not':
      return `NOT coalesce(${translate(condition.item, bind)}, false)`;
    case 'text':
      return textSql(condition.text, condition.prefix, bind);
    case 'field':
      return fieldSql(fieldSource(condition.field), condition.test, bind);
  }
}

function group(items: readonly Condition[], glue: string, bind: Bind): string {
  return `(${items.map((item) => translate(item, bind)).join(glue)})`;
}

/** Whole words use the word index; what the index cannot say is looked up in the rows that it leaves. */
function textSql(text: string, prefix: boolean, bind: Bind): string {
  const words = wordsOf(text);
  const whole = prefix ? words.slice(0, -1) : words;
  const parts = whole.filter(isIndexed).map((word) => `hasToken(lower(message), ${bind(word, 'String')})`);
  const isOneWord = !prefix && words[0] === text.toLowerCase() && isIndexed(words[0]);
  if (!isOneWord) parts.push(`position(lowerUTF8(message), ${bind(text.toLowerCase(), 'String')}) > 0`);
  return `(${parts.join(' AND ')})`;
}

function fieldSql(source: FieldSource, test: FieldTest, bind: Bind): string {
  if (source.kind === 'attribute') {
    const value = `attributes[${bind(source.key, 'String')}]`;
    return testSql(
      value,
      `toFloat64OrNull(${value})`,
      `mapContains(attributes, ${bind(source.key, 'String')})`,
      test,
      bind,
    );
  }
  const { column } = source;
  if (source.kind === 'number') return testSql(`toString(${column})`, column, `${column} IS NOT NULL`, test, bind);
  return testSql(column, `toFloat64OrNull(${column})`, `coalesce(${column} != '', false)`, test, bind);
}

function testSql(text: string, number: string, exists: string, test: FieldTest, bind: Bind): string {
  switch (test.op) {
    case 'exists':
      return exists;
    case 'in':
      return `${text} IN ${bind(test.values, 'Array(String)')}`;
    case 'like':
      return `${text} ILIKE ${bind(likePattern(test.pattern), 'String')}`;
    case 'compare':
      return `${number} ${test.comparison} ${bind(test.value, 'Float64')}`;
    case 'range':
      return `${number} BETWEEN ${bind(test.from, 'Float64')} AND ${bind(test.to, 'Float64')}`;
  }
}

function likePattern(pattern: string): string {
  return pattern.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%');
}
