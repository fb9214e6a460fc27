/** Whether the text has the form of an e-mail address. */
export function isEmail(text: string): boolean {
  return /^[^\s@<>,;]+@[^\s@<>,;.]+(\.[^\s@<>,;.]+)*$/.test(text);
}

/** What is wrong with a phone number in E.164 (`+442071838750`), or undefined. */
export function phoneProblem(text: string): string | undefined {
  if (!/^\+[1-9]\d{6,14}$/.test(text)) return `"${text}" is not a phone number with country code`;
  const national = text.slice(2);
  if (text[1] !== '1' || /^[2-9]\d{9}$/.test(national)) return undefined;
  if (national.length === 10) return `"${text}" is not a phone number: an area code begins with 2 to 9`;
  return `"${text}" is not a phone number: ${national.length} national digits where +1 has 10`;
}
