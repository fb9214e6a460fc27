import { isPlaceholder } from '../../../../lib/secret.ts';
import { isSecretName, scrubText } from '../../../../observe/ingest/index.ts';
import { found } from '../../check.ts';
import type { Found } from '../../finding.ts';
import { knownToken } from './known-tokens.ts';

/** A file that may hold secrets. */
export interface SearchedFile {
  /** As people name it. */
  path: string;
  text: string;
  /** Permission bits. */
  mode: number;
  /** Whether it is meant to hold secrets, as `.env` is: then only who may read it matters. */
  isForSecrets: boolean;
}

/** Places of a file that are told of one by one. */
const MOST = 20;

/**
 * Secrets that stand in a file instead of a reference to the environment or to a file of their own. Only places are told.
 */
export function searchFile({ path, text, mode, isForSecrets }: SearchedFile): Found[] {
  const places = text.split('\n').flatMap((line, index) => {
    const kind = secretIn(line);
    return kind === null ? [] : [{ line: index + 1, kind }];
  });
  const open = (mode & 0o044) !== 0;
  if (places.length === 0) return [];
  if (isForSecrets) return open ? [readableByOthers(path, mode, places.length)] : [];
  return places.slice(0, MOST).map(({ line, kind }) =>
    found({
      ...{ code: 'secret_in_file', subject: path, object: `line ${line}`, severity: 'high' },
      message: `${path} holds a secret in line ${line} (${kind}).`,
      evidence: `${path}:${line}${places.length > MOST ? `, one of ${places.length} places` : ''}`,
      fix: 'Write a variable of the environment in its place, or file:PATH; then change the secret at its issuer, for it has been read.',
    }),
  );
}

function readableByOthers(path: string, mode: number, secrets: number): Found {
  return found({
    ...{ code: 'secrets_readable', subject: path, severity: 'medium' },
    message: `Other users of the machine may read ${path}, which holds secrets.`,
    evidence: `Mode 0${(mode & 0o777).toString(8)}; ${secrets} lines with secrets.`,
    fix: `\`chmod 600 ${path}\``,
  });
}

const COMMENT = /^\s*(?:#|\/\/)/;
/** References, which are the way to do it. */
const REFERENCES = /\$\{[^}]*\}|\bfile:[^\s"',}\]]+/g;
const PAIR = /^\s*(?:-\s+)?["']?([\w.-]{1,64})["']?\s*[:=]\s*(.*)$/;
/** Settings of that name which hold no secret. */
const PLAIN = /^(?:true|false|null|~|\d{1,6}[a-z]{0,2}|\[\]|\{\}|[|>][+-]?)$/i;

/** What secret stands in a line of YAML, JSON or an environment file; null = none. */
export function secretIn(line: string): string | null {
  if (COMMENT.test(line)) return null;
  const own = line.replaceAll(REFERENCES, '');
  const known = knownToken(own);
  if (known !== null) return known;
  const [, name = '', rest = ''] = PAIR.exec(own) ?? [];
  const value = rest
    .replace(/\s+#.*$/, '')
    .replaceAll(/^["']|["'],?$|,$/g, '')
    .trim();
  if (isSecretName(name))
    return value.length < 4 || PLAIN.test(value) || /^[[{&*]/.test(value) || isPlaceholder(value)
      ? null
      : `value of ${name}`;
  return scrubText(own) === own || isPlaceholder(own) ? null : 'credentials in a text';
}
