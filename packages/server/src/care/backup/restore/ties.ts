import { codeOf, messageOf } from '../../../lib/errors.ts';

/** What may lead to other schemas, and what the schema is whole without. */
export const TIES = /^\d+; \d+ \d+ (FK CONSTRAINT|TRIGGER|POLICY|ROW SECURITY|RULE|PUBLICATION TABLE) /;

/**
 * Together, since each needs a pass over the archive; where one fails, one by one.
 * @returns those that were left out
 * @throws what is not the database's refusal, such as an interruption or a store that is away
 */
export async function restoreTies(
  ties: readonly string[],
  restore: (only: readonly string[]) => Promise<void>,
): Promise<string[]> {
  if (ties.length === 0) return [];
  const failed = await restore(ties).then(
    () => false,
    (error: unknown) => {
      if (codeOf(error) !== 'restore_failed') throw error;
      return true;
    },
  );
  const leftOut: string[] = [];
  for (const tie of failed ? ties : []) {
    await restore([tie]).catch((error: unknown) => {
      if (codeOf(error) !== 'restore_failed') throw error;
      leftOut.push(`${tie.replace(/^\d+; \d+ \d+ /, '')} was left out: ${messageOf(error)}`);
    });
  }
  return leftOut;
}
