import { Link } from '@tanstack/react-router';
import { Page } from '../components/page.tsx';

export function NotFound() {
  return (
    <main>
      <Page title="There is no such page">
        <p>
          The address may be of a page that has moved. <Link to="/">Go to the overview</Link>
        </p>
      </Page>
    </main>
  );
}
