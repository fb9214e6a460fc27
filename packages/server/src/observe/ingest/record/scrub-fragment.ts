import { REDACTED } from './scrub.ts';
import { scrubString, scrubTree } from './scrub-tree.ts';
import { isSecretName } from './secret-names.ts';

/**
 * Scrubs a record that could not be read. What it holds as JSON is scrubbed as such; of anything else the text is, and
 * what follows a secret name with a nested value is cut off.
 */
export function scrubFragment(text: string): string {
  try {
    return JSON.stringify(scrubTree(JSON.parse(text)));
  } catch {
    // JSON inside of a text has its quotes and line ends escaped, once or more often.
    const plain = text
      .replace(/\\u00([2-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
      .replace(/\\+"/g, '"')
      .replace(/\\+[nrt]/g, '\n');
    for (const match of plain.matchAll(/"([\w.-]{1,64})"\s{0,8}:\s{0,8}[{[]/g)) {
      if (isSecretName(match[1] as string))
        return `${scrubString(plain.slice(0, match.index))}"${match[1]}":${REDACTED}`;
    }
    return scrubString(plain)
      .replace(/([\w.-]{1,64})("\s{0,8}:\s{0,8})(?:"[^"]*(?:"|$)|[^\s",{}[\]]+)/g, redactValue)
      .replace(/(\[\s{0,8}"([\w.-]{1,64})"\s{0,8},\s{0,8})"(?:[^"\\]|\\.)*(?:"|$)/g, redactNeighbour)
      .replace(
        /("(?:name|key)"\s{0,8}:\s{0,8}"([\w.-]{1,64})"\s{0,8},\s{0,8}"value"\s{0,8}:\s{0,8})"(?:[^"\\]|\\.)*(?:"|$)/g,
        redactNeighbour,
      );
  }
}

/** `["Cookie", "…"` and `"name":"password","value":"…"`. */
function redactNeighbour(match: string, lead: string, name: string): string {
  return isSecretName(name) ? `${lead}"${REDACTED}"` : match;
}

/** `password":"…`, its opening quote taken for the end of what stands before. */
function redactValue(match: string, name: string, colon: string): string {
  return isSecretName(name) ? `${name}${colon}"${REDACTED}"` : match;
}
