import type { Metadata } from 'next';
import Link from 'next/link';
import { Note } from '@/components/note';
import { localPath } from '@/lib/http/local-path';
import { type PageParameters, readPageParameters } from '@/lib/http/page-parameters';

export const metadata: Metadata = { title: 'Sign in' };

export default async function SignInPage({ searchParams }: { searchParams: PageParameters }) {
  const { next, problem } = await readPageParameters(searchParams, 'next', 'problem');
  return (
    <section className="narrow">
      <h1>Welcome back</h1>
      <Note problem={problem} />
      <form method="post" action="/api/session" className="panel">
        <input type="hidden" name="next" value={localPath(next, '/dashboard')} />
        <label>
          <span>E-mail</span>
          <input type="email" name="email" autoComplete="username" required />
        </label>
        <label>
          <span>Password</span>
          <input type="password" name="password" autoComplete="current-password" required />
        </label>
        <button type="submit">Sign in</button>
        <p className="quiet">
          Demo guests: guest1@yumzoom.example to guest40@yumzoom.example, password <code>yumzoom-guest</code>.
        </p>
      </form>
      <p>
        New here?{' '}
        <Link href="/join" prefetch={false}>
          Join YumZoom
        </Link>
      </p>
    </section>
  );
}
