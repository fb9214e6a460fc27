'use server';

import { redirect } from 'next/navigation';
import { requireGuestOnPage } from '@/lib/accounts/session';
import { updateProfile } from '@/lib/accounts/update-profile';
import { CITIES } from '@/lib/restaurants/towns';

/** The form of the account page. */
export async function saveAccount(form: FormData): Promise<void> {
  const guest = await requireGuestOnPage('/account');
  const displayName = String(form.get('displayName') ?? '').trim();
  const city = CITIES.find(({ name }) => name === form.get('homeCity'));
  if (displayName.length < 1 || displayName.length > 80 || !city) redirect('/account?problem=bad_field');
  await updateProfile(guest.id, displayName, city.name);
  redirect('/account?done=saved');
}
