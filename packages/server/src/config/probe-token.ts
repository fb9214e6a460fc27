import { readFileSync } from 'node:fs';
import { messageOf, YumOpsError } from '../lib/errors.ts';

/**
 * The token of a probe agent: as given, of the file that `file:PATH` names, or of YUMOPS_PROBE_TOKEN.
 * @param env usually `process.env`
 * @throws {YumOpsError} `wrong_use`, `token_unreadable`
 */
export function readProbeToken(
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const text = given ?? env.YUMOPS_PROBE_TOKEN ?? '';
  const token = text.startsWith('file:') ? readToken(text.slice('file:'.length)) : text;
  if (token !== '') return token;
  throw new YumOpsError('wrong_use', 'A probe needs a token.', {
    hint: 'Make one with `yumops token probe --location NAME`; give it with --token or YUMOPS_PROBE_TOKEN.',
    status: 400,
  });
}

function readToken(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new YumOpsError('token_unreadable', `The token cannot be read from ${path}: ${messageOf(cause)}`, { cause });
  }
}
