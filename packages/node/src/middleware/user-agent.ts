/** Marks and what they name. The first that is found counts: browsers name those that they resemble too. */
const FAMILIES: readonly (readonly [mark: string, family: string])[] = [
  ['HeadlessChrome/', 'Headless Chrome'],
  ['Edg', 'Edge'],
  ['OPR/', 'Opera'],
  ['SamsungBrowser/', 'Samsung Internet'],
  ['YaBrowser/', 'Yandex'],
  ['Firefox/', 'Firefox'],
  ['FxiOS/', 'Firefox'],
  ['CriOS/', 'Chrome'],
  ['Chrome/', 'Chrome'],
  ['Safari/', 'Safari'],
  ['MSIE ', 'Internet Explorer'],
  ['Trident/', 'Internet Explorer'],
  ['curl/', 'curl'],
  ['Wget/', 'Wget'],
  ['PostmanRuntime/', 'Postman'],
  ['kube-probe/', 'kube-probe'],
  ['okhttp/', 'okhttp'],
  ['axios/', 'axios'],
  ['python', 'Python'],
  ['Python', 'Python'],
  ['Go-http-client/', 'Go'],
  ['Java', 'Java'],
  ['undici', 'Node.js'],
  ['node', 'Node.js'],
  ['Deno/', 'Deno'],
  ['Bun/', 'Bun'],
];
const BOT = /bot\b|crawl|spider|slurp|facebookexternalhit|lighthouse|pingdom|uptime/i;

/** Texts that may have been cut are not kept: they could hold a far longer one in memory. */
const CUT = 256;
const MOST = 256;
const known = new Map<string, string>();

function find(text: string): string {
  return BOT.test(text) ? 'bot' : (FAMILIES.find(([mark]) => text.includes(mark))?.[1] ?? 'other');
}

/**
 * What kind of program a `User-Agent` names, as one of few words: `Chrome`, `curl`, `bot`, `other`. What it was for the last few
 * hundred different texts is kept, so that most requests cost one look into a table.
 * @param userAgent at most 256 characters
 */
export function userAgentFamily(userAgent: string | undefined): string | undefined {
  if (userAgent === undefined || userAgent === '') {
    return undefined;
  }
  const seen = known.get(userAgent);
  if (seen !== undefined) {
    return seen;
  }
  const family = find(userAgent);
  if (userAgent.length < CUT) {
    if (known.size >= MOST) {
      known.clear();
    }
    known.set(userAgent, family);
  }
  return family;
}
