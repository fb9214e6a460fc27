import { config } from '@/lib/config';
import { isFault, listFaults, switchFault } from '@/lib/faults/switchboard';
import { api } from '@/lib/http/api';
import { readFields } from '@/lib/http/fields';
import { Problem } from '@/lib/http/problem';
import { seeOther, wantsPage } from '@/lib/http/wants-page';

function requireSwitches(): void {
  if (!config.faults.enabled())
    throw new Problem(404, 'no_faults', 'Faults are switched off: YUMZOOM_FAULTS is not 1.');
}

export const GET = api(() => {
  requireSwitches();
  return Response.json({ faults: listFaults() });
});

export const POST = api(async (request) => {
  requireSwitches();
  const { fault, on } = await readFields(request);
  if (!isFault(fault)) throw new Problem(400, 'unknown_fault', `There is no fault ${JSON.stringify(fault)}.`);
  if (![true, false, 'true', 'false'].includes(on as boolean | string)) {
    throw new Problem(400, 'bad_field', '"on" must be true or false.');
  }
  await switchFault(fault, on === true || on === 'true');
  return wantsPage(request) ? seeOther('/ops/faults') : Response.json({ faults: listFaults() });
});
