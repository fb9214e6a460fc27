import type { ReportKind, ReportSection } from '@yumops/protocol';
import { withQuery } from '../../lib/query-string.ts';
import type { Observation } from './observation.ts';
import type { Period, Span } from './period.ts';

/** What a section found. Where nothing is known it says so by `unknown`, with the reason; it never tells zero. */
export interface SectionContent extends Partial<Omit<ReportSection, 'key' | 'title' | 'state'>> {
  /** Why nothing is known; left out = it is known. */
  unknown?: string;
  /** What might have to be done; the report ranks those of all sections. */
  observations?: readonly Observation[];
}

/** A part of a report, which its domain reads from what is stored. */
export interface SectionSource {
  /** Stable and unique, in kebab-case. */
  key: string;
  title: string;
  /** The reports that it is part of. */
  kinds: readonly ReportKind[];
  /** A section that throws is told as unknown, with the message; the others stand. */
  read(period: Period): Promise<SectionContent>;
}

/** The address of a page of the console, such as `/logs?q=…&from=…&to=…`. */
export function pageOf(path: string, query: Record<string, string | undefined>, span?: Span): string {
  const range = span && { from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString() };
  return withQuery(path, { ...query, ...range });
}
