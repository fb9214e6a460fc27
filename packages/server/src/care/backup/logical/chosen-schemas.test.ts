import { expect, test } from 'vitest';
import type { BackupConnection } from '../database.ts';
import { refuseMissingSchemas } from './chosen-schemas.ts';
import { schemasLeftOut } from './dump-arguments.ts';

const connection = {
  query: async () => ['public', 'sales', 'vault'].map((name) => ({ name })),
} as unknown as BackupConnection;

const [managed = ''] = schemasLeftOut('supabase');

test.each([
  ['all', null, [], undefined],
  ['those that are there', ['sales'], [], undefined],
  ['one that was renamed', ['sale'], [], { code: 'backup_schema_missing', hint: 'Did you mean sales?' }],
  ['one that is like none', ['orders'], [], { hint: 'It has public, sales, vault.' }],
  ['one that the host manages', ['sales', managed], schemasLeftOut('supabase'), { code: 'backup_schema_left_out' }],
])('schemas of a backup: %s', async (_, names, leftOut, refused) => {
  const answer = refuseMissingSchemas(connection, 'shop', names, leftOut);
  if (refused) await expect(answer).rejects.toMatchObject(refused);
  else await answer;
});
