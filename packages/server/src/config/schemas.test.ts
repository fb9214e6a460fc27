import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { jsonSchemas, publishedFiles } from './schemas.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

test.each(Object.entries(publishedFiles()))('%s is up to date (node scripts/schemas.mjs writes it)', (file, text) => {
  expect(readFileSync(ROOT + file, 'utf8')).toBe(text);
});

test('no other schema is published', () => {
  expect(readdirSync(`${ROOT}packages/server/schemas`).sort()).toEqual(Object.keys(jsonSchemas()).sort());
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
