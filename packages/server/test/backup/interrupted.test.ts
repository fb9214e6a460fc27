import { expect, test } from 'vitest';
import { makeRig } from './rig.ts';

test('a run that is ended between two tiers tells what was made until then', async () => {
  const rig = await makeRig(null, '    files: [./files]\n    copy_to: "file:./second"\n');
  try {
    await rig.write('files/menu.txt', 'soup');
    const backups = rig.backups();
    const abort = new AbortController();
    const progress = (_done: number, _total: number | null, what: string) => {
      if (what === 'bytes copied') abort.abort(new Error('Ctrl-C'));
    };
    const config = { ...backups.config('nightly'), tiers: ['logical', 'physical'] as const };
    const outcomes = await backups.run(config, { progress, signal: abort.signal });
    expect(outcomes).toMatchObject([
      { tier: 'logical', error: null, copyError: { message: 'Ctrl-C' } },
      { tier: 'physical', manifest: null, error: { message: 'Ctrl-C' } },
    ]);
    const list = await backups.list(config);
    expect(list.map(({ id, status }) => ({ id, status }))).toEqual([{ id: outcomes[0]?.id, status: 'good' }]);
    await backups.close();
  } finally {
    await rig.remove();
  }
});

test('the name of backups where one of them is meant is told apart from an unknown one', async () => {
  const rig = await makeRig(null, '    files: [./files]\n');
  try {
    const backups = rig.backups();
    expect(() => backups.configOf('nightly')).toThrow('"nightly" is the name of backups, not one of them.');
    expect(() => backups.configOf('weekly-1')).toThrow('There is no backup weekly-1.');
    await backups.close();
  } finally {
    await rig.remove();
  }
});
