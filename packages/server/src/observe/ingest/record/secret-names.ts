/** Words which, anywhere in a key, say that its value is a secret; compared without case, dashes, underscores, dots. */
const SECRET_PARTS = [
  'password',
  'passwd',
  'passphrase',
  'secret',
  'authorization',
  'cookie',
  'apikey',
  'privatekey',
  'accesskey',
  'credential',
  'creditcard',
  'cardnumber',
  'sessionid',
];

/** Keys that are secret as a whole, or as their last word. */
const SECRET_WORDS = ['token', 'jwt', 'bearer', 'pwd', 'pin', 'otp', 'cvv', 'cvc', 'ssn', 'auth', 'card'];

/** Names that hold one of the words above and are no secret. */
const HARMLESS = new Set([
  'tokencount',
  'maxtokens',
  'totaltokens',
  'prompttokens',
  'completiontokens',
  'passwordless',
]);

/** Whether a key names a secret: `password`, `db_password`, `accessToken`, `x-api-key`, `Set-Cookie`, … */
export function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  if (HARMLESS.has(plain)) return false;
  if (SECRET_PARTS.some((part) => plain.includes(part))) return true;
  const last = lastWord(name);
  return SECRET_WORDS.includes(last) || (last === 'tokens' && plain !== 'tokens');
}

function lastWord(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return words.findLast((word) => word !== '') ?? '';
}
