import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { jsonSchemas } from './schemas.ts';

const FOLDER = fileURLToPath(new URL('../../schemas/', import.meta.url));

test('the published schemas are those that the loader uses (node scripts/schemas.mjs writes them)', () => {
  const schemas = jsonSchemas();
  expect(readdirSync(FOLDER).sort()).toEqual(Object.keys(schemas).sort());
  for (const [file, text] of Object.entries(schemas)) expect(readFileSync(FOLDER + file, 'utf8')).toBe(text);
});

test('every key of a rule and of a monitor has a description', () => {
  const { properties } = JSON.parse(jsonSchemas()['yumops.schema.json'] ?? '');
  const rule = properties.alert_rules.items.properties;
  const monitor = properties.monitors.items.anyOf[0].properties;
  const bare = Object.entries({ ...rule, ...monitor }).filter(
    ([key, value]) => key !== 'kind' && !(value as { description?: string }).description,
  );
  expect(bare.map(([key]) => key)).toEqual([]);
});
