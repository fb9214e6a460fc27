import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isSecretName } from '../observe/ingest/index.ts';
import type { LoadedConfig } from './config.ts';
import { namesIn } from './place-files.ts';
import { LISTS, MAPS, SECTION_NAMES } from './sections.ts';
import { readSource } from './source.ts';

/** What a new configuration does to one part of the one in use. */
export interface ConfigChange {
  action: 'add' | 'change' | 'remove';
  section: string;
  /** Name of the item or key in it; null where the section is one value. */
  name: string | null;
  /** Keys whose values differ; empty for what is added or removed whole. */
  keys: KeyChange[];
}

/** Values as they are written, secrets masked; null = not written. */
export interface KeyChange {
  key: string;
  before: unknown;
  after: unknown;
}

/** One part of a configuration, as written. */
interface Part {
  section: string;
  name: string | null;
  value: unknown;
}

export type Parts = ReadonlyMap<string, Part>;

const MASKED = '***';
/** The section of what vendors gave: keys, tokens, addresses that let anybody in who knows them. */
const CREDENTIALS = 'integrations';
/** A change of these is used by a restart alone. */
const AT_RESTART: ReadonlySet<string> = new Set(['stores']);
/** Says which files there are; what they say is compared. */
const UNCOMPARED: ReadonlySet<string> = new Set(['include']);

/** The parts of these files as they are written: items of lists by their names, keys of maps, single values. */
export function partsOf(files: readonly string[]): Parts {
  const sections = files.flatMap((file) =>
    Object.entries(readSource(file, readFileSync(file, 'utf8'), () => undefined).value),
  );
  const parts = sections
    .filter(([section, content]) => !UNCOMPARED.has(section) && content !== null)
    .flatMap(([section, content]) => partsOfSection(section, content));
  return new Map(parts.map((part) => [`${part.section}/${part.name ?? ''}`, part]));
}

function partsOfSection(section: string, content: unknown): Part[] {
  if (Array.isArray(content) && Object.hasOwn(LISTS, section)) {
    return content.map((value) => ({ section, name: nameOf(value), value }));
  }
  if (isMap(content) && Object.hasOwn(MAPS, section)) {
    return Object.entries(content).map(([name, value]) => ({ section, name, value }));
  }
  return [{ section, name: null, value: content }];
}

/** The name of an item, or what it says where items have none. */
function nameOf(item: unknown): string {
  const name = (item as { name?: unknown } | null)?.name;
  return typeof name === 'string' ? name : JSON.stringify(masked(item));
}

/** What differs, in the order of the format's sections. */
export function changesBetween(before: Parts, after: Parts): ConfigChange[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])];
  const changes = keys.flatMap((key) => changeOf(before.get(key), after.get(key)) ?? []);
  const place = ({ section }: ConfigChange) => SECTION_NAMES.indexOf(section);
  return changes.sort((a, b) => place(a) - place(b) || (a.name ?? '').localeCompare(b.name ?? ''));
}

/** Files with secrets that a new configuration names and that are not the same where it is to be written, by their names. */
export function changedSecrets({ root, files, inputs }: Pick<LoadedConfig, 'root' | 'files' | 'inputs'>, to: string) {
  const secrets = inputs.filter((file) => !files.includes(file) && existsSync(file));
  return namesIn(root, [...new Set(secrets)]).flatMap((name): ConfigChange[] => {
    const before = join(to, name);
    const isNew = !existsSync(before);
    if (!isNew && readFileSync(before).equals(readFileSync(join(root, name)))) return [];
    return [{ action: isNew ? 'add' : 'change', section: 'secret file', name, keys: [] }];
  });
}

/** The sections of these changes that take a restart of the platform. */
export function needRestart(changes: readonly ConfigChange[]): string[] {
  return [...new Set(changes.map(({ section }) => section))].filter((section) => AT_RESTART.has(section));
}

function changeOf(before: Part | undefined, after: Part | undefined): ConfigChange | undefined {
  const part = after ?? before;
  if (!part || (before && after && isDeepStrictEqual(before.value, after.value))) return undefined;
  const { section, name } = part;
  if (!before) return { action: 'add', section, name, keys: [] };
  if (!after) return { action: 'remove', section, name, keys: [] };
  return { action: 'change', section, name, keys: keyChanges(part, before.value, after.value) };
}

function keyChanges({ section, name }: Part, before: unknown, after: unknown): KeyChange[] {
  if (!isMap(before) || !isMap(after)) return [keyChange(section, name ?? section, before, after)];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys
    .filter((key) => !isDeepStrictEqual(before[key], after[key]))
    .map((key) => keyChange(section, key, before[key], after[key]));
}

function keyChange(section: string, key: string, before: unknown, after: unknown): KeyChange {
  const shown = (value: unknown) => (value === undefined ? null : masked(value, key, section === CREDENTIALS));
  return { key, before: shown(before), after: shown(after) };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The same value without secrets: what is named as one, and credentials in addresses.
 * @param whole every text, as keys of vendors have the names that people give them, and addresses may be secret as a whole
 */
function masked(value: unknown, name = '', whole = false): unknown {
  const mask = (one: unknown, key: string): unknown => {
    if (Array.isArray(one)) return one.map((item) => mask(item, key));
    if (isMap(one)) return Object.fromEntries(Object.entries(one).map(([own, item]) => [own, mask(item, own)]));
    return typeof one === 'string' ? maskedText(one, key, whole) : one;
  };
  return mask(value, name);
}

function maskedText(text: string, key: string, whole: boolean): string {
  const isReference = /^\$\{\w+\}$|^file:/.test(text);
  if (isReference) return text;
  if (whole || isSecretName(key) || /(^|_)(webhook|key)$/.test(key)) return MASKED;
  return text.replace(/(\w+:\/\/)[^/\s@]*@/g, `$1${MASKED}@`);
}
