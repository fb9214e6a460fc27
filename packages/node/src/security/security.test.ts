import { expect, it, vi } from 'vitest';
import { SecurityMonitor } from './monitor.ts';
import { security } from './security.ts';

it('names events with their severity among the facts, low unless given', () => {
  const told = vi.spyOn(SecurityMonitor, 'event').mockReturnValue();
  security.event('authn_password_change', { severity: 'medium', userId: 'u1' });
  security.event('sys_startup');
  expect(told.mock.calls).toEqual([
    ['authn_password_change', 'medium', { userId: 'u1' }],
    ['sys_startup', 'low', {}],
  ]);
});
