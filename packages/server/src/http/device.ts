const BOT = /bot\b|crawl|spider|slurp|lighthouse|headlesschrome\/.*bot|pingdom|uptime|facebookexternalhit|preview/i;
const TABLET = /ipad|tablet|playbook|silk|android(?!.*mobile)/i;
const MOBILE = /mobi|iphone|ipod|android.*mobile|windows phone|opera mini/i;

/** The kind of device that a User-Agent names. */
export function deviceOf(userAgent: string | null): 'desktop' | 'mobile' | 'tablet' | 'bot' | 'unknown' {
  if (userAgent === null || userAgent === '') return 'unknown';
  if (BOT.test(userAgent)) return 'bot';
  if (TABLET.test(userAgent)) return 'tablet';
  return MOBILE.test(userAgent) ? 'mobile' : 'desktop';
}
