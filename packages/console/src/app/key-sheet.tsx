import { IconButton } from '../components/button.tsx';
import { Modal } from '../components/modal.tsx';
import { pageGroups } from './navigation.ts';
import { usePages } from './use-pages.ts';
import './key-sheet.css';

const KEYS: readonly [keys: string[], does: string][] = [
  [['/'], 'Search'],
  [['j'], 'Next row'],
  [['k'], 'Previous row'],
  [['Enter'], 'Open the row'],
  [['Esc'], 'Close'],
  [['a'], 'Acknowledge the alert'],
  [['Ctrl or ⌘', 'K'], 'Go anywhere'],
  [['?'], 'This sheet'],
];

/** The keys that work on every page. */
export default function KeySheet({ close }: { close(): void }) {
  const asked = usePages();
  const pages = pageGroups(asked).flatMap((group) => group.pages);
  return (
    <Modal label="Keyboard shortcuts" close={close}>
      <div className="key-sheet">
        <header className="key-sheet-head">
          <h2>Keyboard shortcuts</h2>
          <IconButton icon="close" label="Close" onClick={close} />
        </header>
        <dl className="key-list">
          {KEYS.map(([keys, does]) => (
            <KeyLine key={does} keys={keys} does={does} />
          ))}
        </dl>
        <dl className="key-list">
          {pages.map((page) => (
            <KeyLine key={page.to} keys={['g', page.letter]} does={page.label} />
          ))}
        </dl>
      </div>
    </Modal>
  );
}

function KeyLine({ keys, does }: { keys: string[]; does: string }) {
  return (
    <div className="key-line">
      <dt>
        {keys.map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{does}</dd>
    </div>
  );
}
