/** The part of JSON Schema that our schemas use. */
interface KeySchema {
  type?: string | string[];
  const?: string;
  enum?: string[];
  description?: string;
  properties?: Record<string, KeySchema>;
  required?: string[];
  items?: KeySchema;
  anyOf?: KeySchema[];
  additionalProperties?: boolean | KeySchema;
}

const NOUNS: Record<string, [one: string, many: string]> = {
  array: ['list', 'lists'],
  object: ['map', 'maps'],
  string: ['text', 'texts'],
  number: ['number', 'numbers'],
  integer: ['whole number', 'whole numbers'],
  boolean: ['true or false', 'true or false'],
};

function typeOf(schema: KeySchema, many = false): string {
  const { type, items, anyOf, enum: values } = schema;
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (values) return values.map((value) => `\`${value}\``).join(', ');
  const kinds = anyOf ?? (Array.isArray(type) ? type.map((one) => ({ type: one })) : undefined);
  if (kinds) return [...new Set(kinds.map((kind) => typeOf(kind, many)))].join(' or ');
  const [one, several] = NOUNS[typeof type === 'string' ? type : ''] ?? ['anything', 'anything'];
  const noun = many ? several : one;
  return type === 'array' && items ? `${noun} of ${typeOf(items, true)}` : noun;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

/** A row for the key, and the rows of the keys below it. */
function rows(name: string, schema: KeySchema, required: boolean): string[] {
  const must = required ? ' (required)' : '';
  const row = `| \`${name}\` | ${cell(typeOf(schema))}${must} | ${cell(schema.description ?? '')} |`;
  return [row, ...below(name, schema)];
}

function below(name: string, schema: KeySchema): string[] {
  if (schema.properties) {
    return Object.entries(schema.properties).flatMap(([key, value]) =>
      rows(`${name}.${key}`, value, schema.required?.includes(key) ?? false),
    );
  }
  if (schema.items) return below(`${name}[]`, schema.items);
  if (typeof schema.additionalProperties === 'object') return below(`${name}.NAME`, schema.additionalProperties);
  const seen = new Set<string>();
  const once = (row: string) => !seen.has(row.split('|')[1] ?? '') && seen.add(row.split('|')[1] ?? '');
  return withAllConstants(schema.anyOf ?? [])
    .flatMap((branch) => below(name, branch))
    .filter(once);
}

/** The branches, where a key that tells them apart (`kind`) has the values of all. */
function withAllConstants(branches: readonly KeySchema[]): KeySchema[] {
  const valuesOf = (key: string) => branches.flatMap(({ properties }) => properties?.[key]?.const ?? []);
  return branches.map((branch) => {
    if (!branch.properties) return branch;
    const properties = Object.entries(branch.properties).map(([key, value]): [string, KeySchema] =>
      value.const === undefined ? [key, value] : [key, { enum: valuesOf(key) }],
    );
    return { ...branch, properties: Object.fromEntries(properties) };
  });
}

function section([name, schema]: [string, KeySchema]): string[] {
  const keys = below(name, schema);
  const head = [`## ${name}`, '', `${schema.description ?? ''}. Type: ${typeOf(schema)}.`, ''];
  if (keys.length === 0) return head;
  return [...head, '| Key | Type | Meaning |', '| --- | --- | --- |', ...keys, ''];
}

/** The reference page of configuration keys, made from the JSON Schema of `yumops.yml`. */
export function configurationPage(schema: KeySchema): string {
  const reference = `\${NAME}`;
  return [
    '<!-- Written by scripts/schemas.mjs from the schemas of the configuration. Do not edit. -->',
    '',
    '# Configuration',
    '',
    'Every key of `yumops.yml` is optional, and so is the file. It may include other files (by default',
    '`monitoring/*.yml`); each section may stand in any of them. Lists of several files are joined, and so are maps. A',
    `reference to an environment variable, \`${reference}\`, is filled in wherever a text stands; \`$${reference}\` stands`,
    'for itself. A secret may be `file:PATH`. Durations are seconds as a number, or texts such as `30s` and `"5 minutes"`.',
    '',
    ...Object.entries(schema.properties ?? {}).flatMap(section),
  ].join('\n');
}
