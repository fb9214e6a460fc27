import { expect, test } from 'vitest';
import { YumOpsError } from '../../../lib/errors.ts';
import { restoreTies } from './ties.ts';

const TIES = ['7; 2606 16 FK CONSTRAINT sales a owner', '8; 2620 17 TRIGGER sales b owner'];

/** Refuses whatever names one of these with the given code. */
const refusing = (code: string, names: string[]) => async (only: readonly string[]) => {
  if (only.some((tie) => names.some((name) => tie.includes(name)))) throw new YumOpsError(code, 'no');
};

test('what the database refuses is left out by its name, and the rest is restored', async () => {
  expect(await restoreTies(TIES, refusing('restore_failed', []))).toEqual([]);
  expect(await restoreTies(TIES, refusing('restore_failed', ['TRIGGER']))).toEqual([
    'TRIGGER sales b owner was left out: no',
  ]);
});

test.each(['interrupted', 'blob_unavailable'])('%s ends the restore, at whichever tie', async (code) => {
  await expect(restoreTies(TIES, refusing(code, ['TRIGGER']))).rejects.toMatchObject({ code });
  const oneByOne = async (only: readonly string[]) => {
    throw new YumOpsError(only.length > 1 ? 'restore_failed' : code, 'no');
  };
  await expect(restoreTies(TIES, oneByOne)).rejects.toMatchObject({ code });
});
