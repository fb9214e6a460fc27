/** A value that could not be completed: the variable that is missing. */
export class MissingVariable extends Error {
  constructor(name: string) {
    super(`${name} is not set`);
    this.name = 'MissingVariable';
  }
}

/** Replaces `${NAME}` in the values by environment variables. @throws MissingVariable */
export function expandVariables(
  values: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const expand = (text: string) =>
    text.replace(/\$\{(\w+)\}/g, (_match, name: string) => {
      const value = env[name];
      if (value === undefined || value === '') {
        throw new MissingVariable(name);
      }
      return value;
    });
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, expand(value)]));
}
