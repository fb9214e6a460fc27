import type { ScanSeverity } from '../../finding.ts';
import type { Installed } from './lockfile.ts';

/** A known weakness of a package that is installed. */
export interface Hit {
  installed: Installed;
  /** `GHSA-…` or `CVE-…`, else the registry's number. */
  id: string;
  title: string;
  severity: ScanSeverity;
  url: string | null;
  /** The first version without it; null = none, or not known. */
  fixed: string | null;
  /** The versions that have it, as its source writes them. */
  affected: string;
}

/** What a source of advisories answered. */
export interface AdvisoryAnswer {
  hits: Hit[];
  /** The source and its age, as it stands in a sentence. */
  source: string;
}

const SEVERITIES: Record<string, ScanSeverity> = {
  critical: 'critical',
  high: 'high',
  moderate: 'medium',
  medium: 'medium',
  low: 'low',
  info: 'low',
};

/** A word of GitHub or npm for how grave it is; one that nobody knows counts as high. */
export function severityOf(word: string | undefined): ScanSeverity {
  return SEVERITIES[(word ?? '').toLowerCase()] ?? 'high';
}
