import type { Labels } from '../fingerprint.ts';

/** What a text may name. */
export interface TemplateValues {
  value: number | null;
  threshold: number | null;
  labels: Labels;
}

const PLACE = /\{\{\s*(?:\.|\$)(value|threshold|labels)(?:\.([A-Za-z_][\w.]*))?\s*\}\}/g;

/** Fills `{{ .value }}`, `{{ .threshold }}` and `{{ .labels.x }}` in; `$value` is read too. What is unknown is left out. */
export function fillTemplate(text: string, values: TemplateValues): string {
  return text.replace(PLACE, (_whole, name: 'value' | 'threshold' | 'labels', label?: string) => {
    if (name === 'labels') return label === undefined ? '' : (values.labels[label] ?? '');
    const number = values[name];
    return number === null ? '' : String(Number(number.toPrecision(6)));
  });
}

/** Annotations with their places filled in. */
export function fillAll(texts: Labels, values: TemplateValues): Labels {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, fillTemplate(text, values)]));
}
