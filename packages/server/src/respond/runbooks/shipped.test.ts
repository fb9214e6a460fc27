import { expect, test } from 'vitest';
import { createShelf } from './index.ts';

const shelf = createShelf(() => '/nonexistent');

test.each([
  'High Error Rate',
  'Response Time Degradation',
  'Database Connection Pool Exhaustion',
  'Memory Usage High',
  'Failed Authentication Attempts',
  'Third-Party API Failures',
])('the alert "%s" of the operations guide has a runbook with steps and an action', (rule) => {
  const id = shelf.idFor({ rule, runbook: null });
  const runbook = shelf.read(id ?? '');
  expect(runbook.alerts).toContain(rule);
  expect(runbook.steps).toBeGreaterThan(3);
  expect(runbook.actions.length).toBeGreaterThan(0);
});

test.each(['database-lost', 'bad-deploy', 'disk-full', 'backup-failed', 'key-leaked'])('ships %s', (id) => {
  expect(shelf.read(id)).toMatchObject({ kind: 'runbook', shipped: true });
});

test.each(['deploy', 'migrate', 'rotate-keys', 'upgrade-postgres', 'restore-drill', 'architecture-review'])(
  'ships the procedure %s',
  (id) => {
    expect(shelf.read(id)).toMatchObject({ kind: 'procedure', shipped: true });
  },
);
