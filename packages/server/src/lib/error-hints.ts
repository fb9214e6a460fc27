/** The next step for codes whose errors name none of their own. */
const BY_CODE: Readonly<Record<string, string>> = {
  alert_not_found: 'See `yumops alerts`, or GET /api/v1/alerts.',
  backup_damaged: 'Take another backup (`yumops backup list`), and look at the disk or bucket that holds this one.',
  bad_signature: 'Compare the secret here with the one at the sender, and the clocks of both.',
  base_backup_incomplete: 'Run the backup again; the log of the database server says why it ended.',
  checklist_over: 'Begin another one.',
  detection_unknown: 'See `yumops security detections`.',
  error_not_found: 'See GET /api/v1/errors; it may have expired.',
  event_not_found: 'See GET /api/v1/errors; it may have expired.',
  extension_missing: 'See `yumops db install`.',
  forbidden: 'Ask an administrator for the role.',
  heartbeat_not_found: 'The address is the `pingUrl` of the monitor: see GET /api/v1/monitors.',
  incident_not_found: 'See `yumops incident list`.',
  invalid_alert: 'An alert is {"labels": {"alertname": "…"}}, as Alertmanager takes it.',
  invalid_cursor: 'Use nextCursor of the page before, or none.',
  invalid_key: 'Make one with `yumops ingest-key create`.',
  invalid_query: 'See the relations and functions that queries may use: docs/guide/02-logs.md.',
  invalid_time: 'Write for example 2026-01-05T10:00:00Z.',
  job_ended: 'See `yumops job list`.',
  monitor_not_found: 'See `yumops monitors`.',
  post_not_found: 'See `yumops status list`.',
  rule_not_found: 'Rules stand under alert_rules of the configuration; names are written as there.',
  run_over: 'See `yumops job show JOB` for the runs there are.',
  scenario_refused: 'The findings say where. docs/guide/rule-tests.md shows what a scenario may have.',
  slo_not_found: 'See `yumops slos`.',
  too_busy: 'Send it again a little later.',
  unknown_silence: 'See `yumops silence list`.',
  unknown_window: 'See `yumops window list`.',
  user_exists: 'See `yumops user list`; `yumops user role` changes what somebody may do.',
  wrong_project: 'Use the DSN of that project, or a key that is good for it.',
  wrong_use: 'See `yumops --help`.',
};

const BY_SHAPE: readonly [code: RegExp, hint: string][] = [
  [
    /(_not_found|_missing|_unknown)$|^unknown_|^not_found$/,
    'It may be gone, or is written otherwise: the list shows what there is.',
  ],
  [/^invalid_/, 'See /api/openapi.json for what this route takes.'],
  [/_(unavailable|unreachable)$/, 'Try again; `yumops doctor` looks at this installation.'],
];

/** What to do about an error that names no next step itself; undefined where nothing general can be said. */
export function hintFor(code: string): string | undefined {
  return BY_CODE[code] ?? BY_SHAPE.find(([shape]) => shape.test(code))?.[1];
}
