import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { config } from '@/lib/config';
import { listFaults } from '@/lib/faults/switchboard';

export const metadata: Metadata = { title: 'Faults' };

export default function FaultsPage() {
  if (!config.faults.enabled()) notFound();
  return (
    <section className="narrow">
      <h1>Break something</h1>
      <p>Each switch breaks YumZoom in one way. Switch it on, and watch how operations notice.</p>
      <ul className="faults">
        {listFaults().map(({ fault, description, on, since }) => (
          <li key={fault} className={on ? 'panel fault-on' : 'panel'}>
            <div>
              <h2>{fault.replace('_', ' ')}</h2>
              <p>{description}</p>
              <p className="quiet">{since ? `On since ${since.slice(11, 19)} UTC` : 'Off'}</p>
            </div>
            <form method="post" action="/api/ops/faults">
              <input type="hidden" name="fault" value={fault} />
              <input type="hidden" name="on" value={String(!on)} />
              <button type="submit" className={on ? '' : 'plain'} aria-label={`Switch ${fault} ${on ? 'off' : 'on'}`}>
                {on ? 'Switch off' : 'Switch on'}
              </button>
            </form>
          </li>
        ))}
      </ul>
    </section>
  );
}
