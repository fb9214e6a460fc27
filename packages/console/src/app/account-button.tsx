import { lazy, Suspense, useState } from 'react';
import { IconButton } from '../components/button.tsx';

const load = () => import('./user-menu.tsx');
const UserMenu = lazy(load);

/** The way to the user menu, which is loaded when a person reaches for it. */
export function AccountButton({ openKeys }: { openKeys(): void }) {
  const [wanted, setWanted] = useState(false);
  const button = (
    <IconButton
      icon="user"
      label="Account"
      aria-haspopup="menu"
      onPointerEnter={() => void load()}
      onFocus={() => void load()}
      onClick={() => setWanted(true)}
    />
  );
  if (!wanted) return button;
  return (
    <Suspense fallback={button}>
      <UserMenu openKeys={openKeys} />
    </Suspense>
  );
}
