import type { SecurityFinding, SecurityScanReport } from '@yumops/protocol';
import type { Clock } from '../../lib/clock.ts';
import type { Db } from '../../lib/db.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { Loop } from '../../lib/loop.ts';
import { randomHex } from '../../lib/random.ts';
import type { TelemetryWriter } from '../../lib/telemetry.ts';
import type { ScanCheck, ScanKind } from './check.ts';
import type { ScanConfig } from './config.ts';
import {
  compareSeverity,
  type FindingState,
  inOrder,
  SCAN_SEVERITIES,
  type ScanSeverity,
  type StoredFinding,
  stateOf,
} from './finding.ts';
import { countOpen, forgetResolved, readFindings, writeFindings } from './finding-store.ts';
import type { AuditChange } from './ports.ts';
import { reconcile } from './reconcile.ts';
import { makeReport, toItem } from './report.ts';
import { type RunOptions, runChecks } from './run-checks.ts';
import { writeScan } from './scan-store.ts';

/** Rules over levels expect a sample so often, ms. */
const EVERY_MS = 60_000;
/** How long what is gone, and the reports of scans, are kept, ms. */
const KEPT_MS = 400 * 86_400_000;

export interface ScannerOptions {
  db: Db;
  audit: AuditChange;
  writer: TelemetryWriter;
  clock: Clock;
  log: Log;
  service: string;
  config(): ScanConfig;
  /** Every check there is; a scan runs those of its kind. */
  checks: readonly ScanCheck[];
}

/** Which findings are asked for. */
export interface FindingFilter {
  state?: FindingState | 'all' | undefined;
  severity?: ScanSeverity | undefined;
  check?: string | undefined;
}

/** Looks for what is wrong at set times, and remembers what it found. */
export class Scanner {
  readonly #options: ScannerOptions;
  readonly #loop: Loop;

  constructor(options: ScannerOptions) {
    this.#options = options;
    this.#loop = new Loop(
      options.clock,
      async () => {
        await this.#measure();
        return EVERY_MS;
      },
      (error, failures) => {
        options.log.warn('the findings could not be counted', { reason: messageOf(error), failures });
        return EVERY_MS;
      },
    );
  }

  /** Counts findings for alert rules from now on. */
  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Looks at everything now. @returns the report, which is stored */
  async scan(kind: ScanKind, by: string, run: Omit<RunOptions, 'clock'>): Promise<SecurityScanReport> {
    const { db, audit, clock, service, config, checks } = this.#options;
    const startedAt = clock.now();
    const wanted = checks.filter(({ kinds }) => kinds.includes(kind));
    const { outcomes, looked } = await runChecks(wanted, { ...run, clock });
    const endedAt = clock.now();
    const report = await db.transaction(async (tx) => {
      const known = await readFindings(tx, [...looked.found.keys()]);
      const reconciled = reconcile(known, looked, config().owner, endedAt);
      const made = makeReport({ id: randomHex(8), kind, service, by, startedAt, endedAt, outcomes }, reconciled);
      await writeFindings(tx, reconciled.findings);
      await forgetResolved(tx, endedAt - KEPT_MS);
      await writeScan(tx, made);
      const { id, fresh, gone, open } = made;
      await audit(tx, {
        at: endedAt,
        actor: by,
        action: 'security.scan',
        target: kind,
        detail: { id, fresh, gone, open },
      });
      return made;
    });
    this.#loop.wake();
    return report;
  }

  /** The gravest first. */
  async findings({ state = 'open', severity, check }: FindingFilter): Promise<SecurityFinding[]> {
    const now = this.#options.clock.now();
    const wanted = (finding: StoredFinding) =>
      (state === 'all' || stateOf(finding, now) === state) &&
      (severity === undefined || compareSeverity(finding.severity, severity) === 0) &&
      (check === undefined || finding.check === check);
    const all = await readFindings(this.#options.db, null);
    return inOrder(all.filter(wanted)).map((finding) => toItem(finding, now));
  }

  /** Alert rules read how many are open: `security_findings{severity=critical} > 0`. */
  async #measure(): Promise<void> {
    const { db, writer, clock, service } = this.#options;
    const timestamp = clock.now();
    const counted = new Map((await countOpen(db, timestamp)).map(({ severity, findings }) => [severity, findings]));
    const rows = SCAN_SEVERITIES.map((severity) => ({
      ...{ timestamp, name: 'security_findings', type: 'gauge', value: counted.get(severity) ?? 0, unit: '' },
      ...{ id: '', project: '', service, environment: '', release: '' },
      attributes: { severity },
    }));
    await writer.append('metrics', rows);
  }
}
