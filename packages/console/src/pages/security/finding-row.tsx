import { getRouteApi } from '@tanstack/react-router';
import type { SecurityFinding } from '@yumops/protocol';
import type { ReactNode } from 'react';
import { State } from '../../components/state.tsx';
import { findingLook } from './finding-look.ts';

const route = getRouteApi('/console/security');

interface FindingRowProps {
  item: SecurityFinding;
  /** Whether its details are open. */
  current?: boolean;
  /** What is said of its time, below the owner. */
  children: ReactNode;
}

/** A finding in a list; it opens its details. */
export function FindingRow({ item, current = false, children }: FindingRowProps) {
  return (
    <li>
      <route.Link
        data-row
        to="."
        search={(old) => ({ ...old, finding: item.id })}
        className="attack-row finding-row"
        data-current={current}
      >
        <State {...findingLook(item)} />
        <span className="attack-text">
          <strong>{item.message}</strong>
          {item.evidence !== '' && <span className="quiet">{item.evidence}</span>}
        </span>
        <span className="attack-when">
          <span>{item.owner ?? <span className="quiet">no owner</span>}</span>
          {children}
        </span>
      </route.Link>
    </li>
  );
}
