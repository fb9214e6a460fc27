import { expect, test } from 'vitest';
import { ROLES, readRoles } from './roles.ts';

test.each<[string | undefined, string[] | null]>([
  [undefined, [...ROLES]],
  ['', [...ROLES]],
  ['all', [...ROLES]],
  ['worker', ['worker']],
  ['ingest, web', ['ingest', 'web']],
  ['ingest,ingest', ['ingest']],
  ['api', null],
  ['ingest,', null],
  ['worker,all', null],
])('roles %s', (text, roles) => {
  if (roles) expect([...readRoles(text)]).toEqual(roles);
  else expect(() => readRoles(text)).toThrow(/is no role/);
});
