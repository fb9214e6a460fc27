/** Secrets that say by their form what they are, as their issuers document it. */
const KNOWN: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ['private key', /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/],
  ['AWS access key', /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/],
  ['GitHub token', /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{40,})\b/],
  ['GitLab token', /\bglpat-[\w-]{20,}/],
  ['npm token', /\bnpm_[A-Za-z0-9]{36}\b/],
  ['Slack token', /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/],
  ['Slack webhook', /hooks\.slack\.com\/(?:services|workflows)\/T[A-Z0-9]{5,}\/[A-Z0-9]{5,}\/[A-Za-z0-9]{16,}/],
  ['Stripe key', /\b(?:sk|rk)_live_[A-Za-z0-9]{16,}/],
  ['SendGrid key', /\bSG\.[\w-]{16,}\.[\w-]{16,}/],
  ['Google API key', /\bAIza[\w-]{35}\b/],
  ['Twilio key', /\bSK[0-9a-f]{32}\b/],
  ['OpenAI key', /\bsk-(?:proj-)?[A-Za-z0-9_-]{32,}/],
  ['Telegram bot token', /\b\d{8,10}:AA[\w-]{33}\b/],
];

/** What kind of secret stands in a text by its form; null = none that is known. */
export function knownToken(text: string): string | null {
  return KNOWN.find(([, pattern]) => pattern.test(text))?.[0] ?? null;
}
