import { Link } from '@tanstack/react-router';
import { IconButton } from '../components/button.tsx';
import { Icon } from '../components/icon.tsx';
import { Modal } from '../components/modal.tsx';
import type { PageGroup } from './navigation.ts';

/** The pages that a phone's bar has no room for. */
export default function MoreSheet({ groups, close }: { groups: readonly PageGroup[]; close(): void }) {
  return (
    <Modal label="More pages" look="sheet" close={close}>
      <div className="more-sheet">
        <header className="more-sheet-head">
          <h2>More pages</h2>
          <IconButton icon="close" label="Close" onClick={close} />
        </header>
        <nav aria-label="More pages">
          {groups.map(({ name, pages }) => (
            <section key={pages[0]?.to} aria-label={name ?? 'Other'}>
              {name !== null && <h3>{name}</h3>}
              <ul>
                {pages.map(({ to, label, icon }) => (
                  <li key={to}>
                    <Link
                      to={to}
                      className="more-sheet-link"
                      activeOptions={{ includeSearch: false }}
                      activeProps={{ 'aria-current': 'page' }}
                      onClick={close}
                    >
                      <Icon name={icon} />
                      {label}
                    </Link>
                  </li>
                ))}
              </ul>
            </section>
          ))}
        </nav>
      </div>
    </Modal>
  );
}
