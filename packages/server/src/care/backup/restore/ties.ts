import { messageOf } from '../../../lib/errors.ts';

/** What may lead to other schemas, and what the schema is whole without. */
export const TIES = /^\d+; \d+ \d+ (FK CONSTRAINT|TRIGGER|POLICY|ROW SECURITY|RULE|PUBLICATION TABLE) /;

/** Together, since each needs a pass over the archive; where one fails, one by one. @returns those that were left out */
export async function restoreTies(
  ties: readonly string[],
  restore: (only: readonly string[]) => Promise<void>,
): Promise<string[]> {
  if (ties.length === 0) return [];
  const failed = await restore(ties).then(
    () => false,
    () => true,
  );
  const leftOut: string[] = [];
  for (const tie of failed ? ties : []) {
    await restore([tie]).catch((error: unknown) => {
      leftOut.push(`${tie.replace(/^\d+; \d+ \d+ /, '')} was left out: ${messageOf(error)}`);
    });
  }
  return leftOut;
}
