import { z } from 'zod';
import { type ConfigPath, type Report, within } from '../../lib/finding.ts';
import type { ConfiguredSecret, SecretReader } from '../../lib/secret.ts';

/** A part of `integrations:` that is being read; paths count from that part. */
export interface Section {
  report: Report;
  secret: SecretReader;
}

/** A receiver that notifications name. */
export interface NamedIntegration {
  name: string;
  /** Why it must not be called (placeholder, missing variable, no address), else null. */
  broken: string | null;
}

/** The part of a section below a key. */
export function below(section: Section, ...prefix: (string | number)[]): Section {
  return {
    report: within(section.report, ...prefix),
    secret: (text, path) => section.secret(text, [...prefix, ...path]),
  };
}

/** The shape of receivers by their names. */
export function byName<Shape extends z.ZodType>(shape: Shape) {
  return z.record(z.string().min(1), shape);
}

/** Compiles every receiver of a map. */
export function compileNamed<Raw, Compiled>(
  raw: Readonly<Record<string, Raw>> | undefined,
  section: Section,
  compile: (name: string, raw: Raw, section: Section) => Compiled,
): Compiled[] {
  return Object.entries(raw ?? {}).map(([name, value]) => compile(name, value, below(section, name)));
}

/** An address, refused with E103 unless it has one of the schemes. What is broken already is not judged again. */
export function readUrl(
  text: string,
  path: ConfigPath,
  section: Section,
  schemes: readonly string[] = ['https', 'http'],
): ConfiguredSecret {
  const { secret, broken } = section.secret(text, path);
  if (broken) return { secret, broken };
  const scheme = URL.canParse(secret.reveal()) ? new URL(secret.reveal()).protocol.slice(0, -1) : undefined;
  if (scheme !== undefined && schemes.includes(scheme)) return { secret, broken };
  section.report({
    code: 'E103',
    path,
    message: 'this is not an address',
    suggestion: `write one that begins with ${schemes.map((name) => `${name}://`).join(' or ')}`,
  });
  return { secret, broken: 'its address is not valid' };
}

/** The base of a vendor's API without a slash at the end: the vendor's own, or what the operator wrote. */
export function readBase(
  text: string | undefined,
  path: ConfigPath,
  section: Section,
  standard: string,
): { base: string; broken: string | null } {
  if (text === undefined) return { base: standard, broken: null };
  const { secret, broken } = readUrl(text, path, section);
  return { base: secret.reveal().replace(/\/+$/, ''), broken };
}

export const baseShape = z.string().describe('Base of the API, where it is not the usual one').optional();
