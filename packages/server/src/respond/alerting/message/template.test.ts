import { expect, test } from 'vitest';
import { fillTemplate } from './template.ts';

const VALUES = { value: 5.123456789, threshold: 5, labels: { service: 'api', 'db.name': 'main' } };

test.each([
  ['{{ .value }} % of {{.labels.service}}', '5.12346 % of api'],
  ['over {{ .threshold }} on {{ $labels.service }}: {{ $value }}', 'over 5 on api: 5.12346'],
  ['{{ .labels.db.name }}', 'main'],
  ['none of {{ .labels.zone }}.', 'none of .'],
  ['{{ humanize .value }} stays', '{{ humanize .value }} stays'],
  ['plain', 'plain'],
])('%s → %s', (text, expected) => {
  expect(fillTemplate(text, VALUES)).toBe(expected);
});

test('without a value its place is empty', () => {
  expect(fillTemplate('{{ .value }}', { ...VALUES, value: null })).toBe('');
});
