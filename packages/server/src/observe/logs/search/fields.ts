/** Columns of `logs` that a query may name, by kind. Any other name is an attribute. */
const TEXT_COLUMNS = new Set([
  'id',
  'project',
  'service',
  'environment',
  'release',
  'level',
  'message',
  'type',
  'event',
  'severity',
  'endpoint',
  'method',
  'ip',
  'userId',
  'requestId',
  'traceId',
  'spanId',
]);

const NUMBER_COLUMNS = new Set(['statusCode', 'duration']);

export type FieldSource = { kind: 'text' | 'number'; column: string } | { kind: 'attribute'; key: string };

/** Where the value of a field of the query language is found. `attributes.x` names an attribute in any case. */
export function fieldSource(field: string): FieldSource {
  const name = field === 'version' ? 'release' : field;
  if (TEXT_COLUMNS.has(name)) return { kind: 'text', column: name };
  if (NUMBER_COLUMNS.has(name)) return { kind: 'number', column: name };
  return { kind: 'attribute', key: field.startsWith('attributes.') ? field.slice('attributes.'.length) : field };
}

/** Words of a text as the index of the store cuts them: runs of ASCII letters, digits and anything not ASCII. */
export function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^a-z0-9\u0080-\uffff]+/)
    .filter((word) => word !== '');
}

/** Whether the index, which folds the case of ASCII letters alone, finds the word however it is written. */
export function isIndexed(word: string): boolean {
  return /^[a-z0-9]+$/.test(word);
}
