import type { ContactMethod } from '@yumops/protocol';
import type { IconName } from '../../../components/icon.tsx';

export type ContactChannel = ContactMethod['channel'];

/** The ways in which a person can be reached, in the order in which they are offered. */
export const CHANNELS: readonly ContactChannel[] = ['email', 'sms', 'phone_call', 'ntfy'];

export const CHANNEL_NAMES: Readonly<Record<ContactChannel, string>> = {
  email: 'E-mail',
  sms: 'SMS',
  phone_call: 'Call',
  ntfy: 'Push (ntfy)',
};

export const CHANNEL_ICONS: Readonly<Record<ContactChannel, IconName>> = {
  email: 'email',
  sms: 'sms',
  phone_call: 'on-call',
  ntfy: 'alerts',
};

export const EXAMPLES: Readonly<Record<ContactChannel, string>> = {
  email: 'ada@example.com',
  sms: '+44 20 7183 8750',
  phone_call: '+44 20 7183 8750',
  ntfy: 'the name of a topic of the configuration',
};
