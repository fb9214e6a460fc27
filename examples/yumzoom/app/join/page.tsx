import type { Metadata } from 'next';
import { Note } from '@/components/note';
import { type PageParameters, readPageParameters } from '@/lib/http/page-parameters';
import { CITIES } from '@/lib/restaurants/towns';

export const metadata: Metadata = { title: 'Join' };

export default async function JoinPage({ searchParams }: { searchParams: PageParameters }) {
  const { problem } = await readPageParameters(searchParams, 'problem');
  return (
    <section className="narrow">
      <h1>Join YumZoom</h1>
      <Note problem={problem} />
      <form method="post" action="/api/accounts" className="panel">
        <label>
          <span>Your name</span>
          <input name="displayName" autoComplete="name" maxLength={80} required />
        </label>
        <label>
          <span>E-mail</span>
          <input type="email" name="email" autoComplete="username" maxLength={254} required />
        </label>
        <label>
          <span>Password, at least 10 characters</span>
          <input type="password" name="password" autoComplete="new-password" minLength={10} maxLength={200} required />
        </label>
        <label>
          <span>Your city</span>
          <select name="homeCity">
            {CITIES.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <button type="submit">Join</button>
      </form>
    </section>
  );
}
