import { Link } from '@tanstack/react-router';
import { Empty } from '../components/notice.tsx';

export function NotFound() {
  return (
    <main className="page">
      <Empty title="There is no such page">
        The address may be of a page that has moved. <Link to="/">Go to the overview</Link>
      </Empty>
    </main>
  );
}
