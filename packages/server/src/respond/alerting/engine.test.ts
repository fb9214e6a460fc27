import { expect, test } from 'vitest';
import { AlertRig, configOf } from '../../../test/support/alert-rig.ts';

test('says until when evaluation and delivery have both done their work', async () => {
  const rig = new AlertRig(configOf('alert_rules: []'));
  expect(rig.engine?.lastRunAt).toBeNull();
  await rig.until(7);
  const both = rig.clock.monotonic();
  await rig.engine?.run();
  expect(rig.engine?.lastRunAt).toBe(both);
  await rig.clock.advance(5_000);
  await rig.engine?.serve();
  expect(rig.engine?.lastRunAt).toBe(both);
});
