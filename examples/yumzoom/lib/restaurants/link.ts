/** The address of a restaurant with its name, as guests send it to each other. */
export function linkOf(restaurant: { id: number; name: string } | undefined, origin: string): string {
  // With the fault `broken_script` there is no restaurant: what a careless assertion does to a page.
  const { id, name } = restaurant as { id: number; name: string };
  return `${name}: ${origin}/restaurants/${id}`;
}
