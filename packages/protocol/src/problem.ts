/** The body of every failed request: `{"error": {…}}`. */
export interface ProblemBody {
  error: { code: string; message: string; hint?: string };
}

/** A page of a list. `nextCursor` is null on the last page. */
export interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}
