import type { SloItem } from '@yumops/protocol';
import { formatValue } from '../format.ts';
import type { Observation } from '../observation.ts';
import { REPORT_KINDS } from '../period.ts';
import type { SectionSource } from '../section.ts';

/** Share of the budget, percent, under which it is for the list. */
const LITTLE_LEFT = 25;

/** Objectives: what was attained in their windows, and what is left of the error budgets. */
export function objectiveSection(deps: { slos(): Promise<readonly SloItem[]> }): SectionSource {
  return {
    key: 'objectives',
    title: 'Objectives',
    kinds: REPORT_KINDS,
    async read() {
      const slos = await deps.slos();
      if (slos.length === 0) return { unknown: 'There is no objective in the configuration (slos:).' };
      return {
        tables: [
          {
            title: 'Error budgets',
            columns: [
              { label: 'Objective', unit: null },
              { label: 'State', unit: null },
              { label: 'Target', unit: '%' },
              { label: 'Attained', unit: '%' },
              { label: 'Budget left', unit: '%' },
            ],
            rows: slos.map((slo) => ({
              href: '/alerts?view=rules',
              cells: [slo.name, slo.state, slo.target, slo.attained, slo.total === 0 ? null : slo.budget.remaining],
            })),
            more: 0,
          },
        ],
        observations: slos.flatMap(observe),
      };
    },
  };
}

function observe(slo: SloItem): Observation[] {
  const { name, state, total, bad, target, attained, budget } = slo;
  if (state === 'unknown' || (state === 'ok' && budget.remaining >= LITTLE_LEFT)) return [];
  const left = `${formatValue(budget.remaining, '%')} of the error budget is left`;
  return [
    {
      code: state === 'exhausted' ? 'budget_exhausted' : 'budget_burning',
      subject: name,
      title: `Save the error budget of "${name}"`,
      reason: `${left}: ${formatValue(attained, '%')} attained, ${formatValue(target, '%')} wanted.`,
      evidence: [`${bad.toLocaleString('en')} of ${total.toLocaleString('en')} events were bad`],
      href: '/alerts?view=rules',
      size: (100 - Math.max(0, budget.remaining)) / 100,
      reach: total === 0 ? null : bad / total,
      fresh: state === 'burning',
    },
  ];
}
