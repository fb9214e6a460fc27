/** The query string as Next.js gives it to a page. */
export type PageParameters = Promise<Record<string, string | string[] | undefined>>;

/** One value of each wanted name; of a repeated one the first. */
export async function readPageParameters<Name extends string>(
  parameters: PageParameters,
  ...names: Name[]
): Promise<Partial<Record<Name, string>>> {
  const all = await parameters;
  const found: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const value = [all[name]].flat()[0];
    if (value !== undefined && value !== '') found[name] = value;
  }
  return found;
}
