import { describe, expect, test } from 'vitest';
import { type OnCallPlan, resolveOnCall } from './resolve.ts';
import type { Person } from './schedule.ts';
import { layer, schedule } from './testing/schedules.ts';

const NOW = Date.UTC(2026, 2, 24, 12);
const contact = (address: string, broken: string | null = null) => ({ address, broken });
const people: Person[] = [
  { name: 'ada', email: contact('ada@example.com'), phone: contact('+442071838750'), slack: 'U1' },
  { name: 'grace', email: null, phone: contact('+44', 'not a phone number'), slack: null },
  { name: 'linus', email: null, phone: null, slack: null },
];
const plan: OnCallPlan = { schedules: [schedule()], people, overrides: [] };
const policy = (parts: { schedule?: string; people?: string[] }) => ({ schedule: null, people: [], ...parts });

function resolve(parts: { schedule?: string; people?: string[] }, changed: Partial<OnCallPlan> = {}, now = NOW) {
  const { people: names, targets, problem } = resolveOnCall(policy(parts), now, { ...plan, ...changed });
  return { names, targets: targets.map(({ person, channel, target }) => `${person} ${channel} ${target}`), problem };
}

const ADA = ['ada sms +442071838750', 'ada phone_call +442071838750', 'ada email ada@example.com'];

describe('whom an escalation reaches', () => {
  test('whoever has the turn at the instant of sending', () => {
    expect(resolve({ schedule: 'primary' })).toEqual({ names: ['ada'], targets: ADA, problem: null });
    expect(resolve({ schedule: 'primary' }, {}, Date.UTC(2026, 2, 29, 1)).names).toEqual(['grace']);
  });

  test('whoever stands in', () => {
    const override = { schedule: 'primary', person: 'linus', start: NOW - 1, end: NOW + 1 };
    expect(resolve({ schedule: 'primary' }, { overrides: [override] }).names).toEqual(['linus']);
    expect(resolve({ schedule: 'primary' }, { overrides: [{ ...override, schedule: 'other' }] }).names).toEqual([
      'ada',
    ]);
    expect(resolve({ schedule: 'primary' }, { overrides: [{ ...override, end: NOW }] }).names).toEqual(['ada']);
  });

  test('people who are named, each once', () => {
    expect(resolve({ people: ['grace', 'ada'], schedule: 'primary' }).names).toEqual(['grace', 'ada']);
    expect(resolve({ people: ['grace', 'ada'] }).targets).toEqual(['grace sms +44', 'grace phone_call +44', ...ADA]);
  });

  test('a contact that cannot work says why', () => {
    const { targets } = resolveOnCall(policy({ people: ['grace'] }), NOW, plan);
    expect(targets.map(({ broken }) => broken)).toEqual(['not a phone number', 'not a phone number']);
  });

  test('a person without contacts, or unknown, is on call and not reached', () => {
    expect(resolve({ people: ['linus', 'nobody'] })).toEqual({
      names: ['linus', 'nobody'],
      targets: [],
      problem: null,
    });
  });

  test.each([
    [
      'nobody has the turn',
      'primary',
      { schedules: [schedule({ layers: [layer({ people: [] })] })] },
      'nobody is on call in schedule "primary"',
    ],
    ['there is no such schedule', 'night', {}, 'there is no schedule "night"'],
  ])('%s', (_what, name, changed, problem) => {
    expect(resolve({ schedule: name }, changed)).toEqual({ names: [], targets: [], problem });
  });

  test('a policy that names neither schedule nor people has no problem', () => {
    expect(resolve({})).toEqual({ names: [], targets: [], problem: null });
  });
});
