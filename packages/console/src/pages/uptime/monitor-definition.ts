import { COMMON, type Field, type FieldType, KINDS, PRIVATE } from './monitor-fields.ts';

export type Definition = Record<string, unknown>;
/** What stands in the fields, by key; a box that is ticked is `on`. */
export type FieldTexts = Record<string, string>;

/** Where everything goes that no field asks for. */
export const FURTHER = 'further';
const OWN = ['name', 'kind'];

/** The fields of a kind. */
export function fieldsOf(kind: string): readonly Field[] {
  return [...(KINDS[kind]?.fields ?? []), ...COMMON, PRIVATE];
}

/**
 * The definition that the fields stand for.
 * @throws {SyntaxError} when a field that holds JSON does not
 */
export function definitionOf(kind: string, name: string, texts: FieldTexts): Definition {
  const further = (texts[FURTHER] ?? '').trim();
  const definition: Definition = { name, kind, ...(further === '' ? {} : (JSON.parse(further) as Definition)) };
  for (const field of fieldsOf(kind)) {
    const text = (texts[field.key] ?? '').trim();
    if (text !== '') setAt(definition, field.key.split('.'), codecOf(field).read(text));
  }
  return definition;
}

/** The fields that stand for a definition; nothing of it is lost. */
export function textsOf(definition: Definition): FieldTexts {
  const rest = structuredClone(definition);
  for (const key of OWN) delete rest[key];
  const texts: FieldTexts = {};
  for (const field of fieldsOf(String(definition['kind'] ?? 'http'))) {
    const value = getAt(rest, field.key.split('.'));
    const text = value === undefined || value === null ? undefined : codecOf(field).show(value);
    if (text === undefined) continue;
    texts[field.key] = text;
    removeAt(rest, field.key.split('.'));
  }
  if (Object.keys(rest).length > 0) texts[FURTHER] = JSON.stringify(rest, null, 2);
  return texts;
}

interface Codec {
  read(text: string): unknown;
  /** Undefined when the field cannot show the value; it stays among the further keys. */
  show(value: unknown): string | undefined;
}

const CODECS: Record<FieldType, Codec> = {
  text: {
    read: (text) => text,
    show: (value) => (typeof value === 'string' || typeof value === 'number' ? String(value) : undefined),
  },
  number: { read: Number, show: (value) => (typeof value === 'number' ? String(value) : undefined) },
  check: { read: (text) => text === 'on', show: (value) => (value === true ? 'on' : undefined) },
  lines: { read: (text) => linesOf(text), show: (value) => (isTexts(value) ? value.join('\n') : undefined) },
  list: { read: (text) => splitAt(text, ','), show: (value) => (isTexts(value) ? value.join(', ') : undefined) },
  statuses: {
    read: (text) => splitAt(text, ',').map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
    show: (value) => [value].flat().join(', '),
  },
  pairs: {
    read: (text) => Object.fromEntries(linesOf(text).map(pairOf)),
    show: (value) =>
      isMap(value)
        ? Object.entries(value)
            .map((pair) => pair.join(': '))
            .join('\n')
        : undefined,
  },
  json: { read: (text) => JSON.parse(text) as unknown, show: (value) => JSON.stringify(value, null, 2) },
};

const codecOf = ({ type = 'text' }: Field) => CODECS[type];

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

const linesOf = (text: string) => splitAt(text, '\n');

function splitAt(text: string, separator: string): string[] {
  return text
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function pairOf(line: string): [string, string] {
  const at = line.indexOf(':');
  return at === -1 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}

function getAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((part, key) => (isMap(part) ? part[key] : undefined), value);
}

function setAt(value: Definition, [key, ...rest]: readonly string[], part: unknown): void {
  if (key === undefined) return;
  if (rest.length === 0) value[key] = part;
  else {
    const inner = isMap(value[key]) ? { ...value[key] } : {};
    value[key] = inner;
    setAt(inner, rest, part);
  }
}

function removeAt(value: Definition, [key, ...rest]: readonly string[]): void {
  if (key === undefined) return;
  const inner = value[key];
  if (rest.length > 0 && isMap(inner)) removeAt(inner, rest);
  if (rest.length === 0 || (isMap(inner) && Object.keys(inner).length === 0)) delete value[key];
}

function isMap(value: unknown): value is Definition {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
