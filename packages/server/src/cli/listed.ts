/** The parts of an option that takes several values with commas between; empty ones are left out. */
export function listed(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
