import type { ConfigPath, Report } from '../lib/finding.ts';
import { type ConfiguredSecret, isPlaceholder, missingVariable, Secret } from '../lib/secret.ts';

/** Reads a small text file; throws when it cannot. Relative paths count from the configuration's folder. */
export type ReadSecretFile = (path: string) => string;

/**
 * A secret from its configured text, with `file:` followed. Reports E207 for a placeholder and E210 for a file that
 * cannot be read; a variable that is not set was reported when the text was filled in.
 */
export function readSecret(text: string, path: ConfigPath, readFile: ReadSecretFile, report: Report): ConfiguredSecret {
  const variable = missingVariable(text);
  if (variable !== undefined)
    return { secret: new Secret(text), broken: `environment variable ${variable} is not set` };
  let content = text;
  if (text.startsWith('file:')) {
    const file = text.slice('file:'.length);
    try {
      content = readFile(file).trim();
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'cannot be read';
      report({
        code: 'E210',
        path,
        message: `the file ${file} ${reason}`,
        suggestion: 'put the secret alone into the file',
      });
      return { secret: new Secret(''), broken: `the file ${file} ${reason}` };
    }
  }
  if (!isPlaceholder(content)) return { secret: new Secret(content), broken: null };
  report({
    code: 'E207',
    path,
    message: 'this is a placeholder, not a secret; it is never called',
    suggestion: 'refer to a variable of the environment, or write file:PATH',
  });
  return { secret: new Secret(content), broken: 'it is a placeholder' };
}
