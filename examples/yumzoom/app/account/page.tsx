import type { Metadata } from 'next';
import { saveAccount } from '@/app/account/save';
import { Note } from '@/components/note';
import { requireGuestOnPage } from '@/lib/accounts/session';
import { type PageParameters, readPageParameters } from '@/lib/http/page-parameters';
import { CITIES } from '@/lib/restaurants/towns';

export const metadata: Metadata = { title: 'Account' };

export default async function AccountPage({ searchParams }: { searchParams: PageParameters }) {
  const guest = await requireGuestOnPage('/account');
  const { done, problem } = await readPageParameters(searchParams, 'done', 'problem');
  return (
    <section className="narrow">
      <h1>Your account</h1>
      <Note done={done} problem={problem} />
      <form action={saveAccount} className="panel">
        <label>
          <span>E-mail</span>
          <input value={guest.email} readOnly />
        </label>
        <label>
          <span>Your name</span>
          <input name="displayName" defaultValue={guest.displayName} maxLength={80} required />
        </label>
        <label>
          <span>Your city</span>
          <select name="homeCity" defaultValue={guest.homeCity ?? CITIES[0].name}>
            {CITIES.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <button type="submit">Save</button>
      </form>
      <form method="post" action="/api/session/end">
        <button type="submit" className="plain">
          Sign out
        </button>
      </form>
    </section>
  );
}
