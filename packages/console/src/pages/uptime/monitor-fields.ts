/** How the text of a field stands for a value. */
export type FieldType = 'text' | 'number' | 'check' | 'lines' | 'list' | 'statuses' | 'pairs' | 'json';

/** One key of a monitor's definition, with dots for keys within keys. */
export interface Field {
  key: string;
  label: string;
  type?: FieldType;
  placeholder?: string;
  required?: boolean;
}

export interface KindLook {
  label: string;
  /** What is good, in a few words. */
  means: string;
  fields: readonly Field[];
}

const URL_FIELD: Field = { key: 'url', label: 'Address', placeholder: 'https://example.com/health', required: true };
const HOST: Field = { key: 'host', label: 'Host', placeholder: 'example.com', required: true };
const port = (placeholder: string, required = false): Field => ({
  key: 'port',
  label: 'Port',
  type: 'number',
  placeholder,
  required,
});
const ASSERTIONS: Field = {
  key: 'assertions',
  label: 'Demands, one a line',
  type: 'lines',
  placeholder: 'time < 800ms\njson.status == "healthy"',
};
const STEPS_EXAMPLE =
  '[{"name": "login", "url": "https://…", "method": "POST", "save": {"token": "json.token"}},\n {"name": "home", "url": "https://…", "headers": {"authorization": "Bearer {{token}}"}}]';

/** The kinds that can be made here, and what is asked for each. All else goes into further keys. */
export const KINDS: Record<string, KindLook> = {
  http: {
    label: 'HTTP',
    means: 'Status, text and time of an answer are as expected.',
    fields: [
      URL_FIELD,
      { key: 'method', label: 'Method', placeholder: 'GET' },
      { key: 'expected_status', label: 'Expected status', type: 'statuses', placeholder: '200, 2xx, 301' },
      { key: 'expected_text', label: 'Text that must occur' },
      ASSERTIONS,
      { key: 'headers', label: 'Headers, one a line', type: 'pairs', placeholder: 'accept: application/json' },
      { key: 'auth.bearer', label: 'Bearer token' },
    ],
  },
  health: {
    label: 'Health report',
    means: 'The detailed health report of an app, with a state for each named check.',
    fields: [
      { ...URL_FIELD, placeholder: 'https://example.com/api/health/detailed' },
      { key: 'token', label: 'Token' },
    ],
  },
  steps: {
    label: 'Several requests',
    means: 'Each request of a sequence is as expected; values go from one to the next.',
    fields: [{ key: 'steps', label: 'Steps, as JSON', type: 'json', placeholder: STEPS_EXAMPLE, required: true }],
  },
  heartbeat: {
    label: 'Heartbeat',
    means: 'A job calls us in time, does not fail and does not run too long.',
    fields: [
      { key: 'every', label: 'Longest time between two calls', placeholder: '60m' },
      { key: 'schedule', label: 'Or a cron expression', placeholder: '0 3 * * *' },
      { key: 'time_zone', label: 'Zone of the schedule', placeholder: 'UTC' },
      { key: 'grace', label: 'How late it may be', placeholder: '5m' },
      { key: 'max_runtime', label: 'Longest run', placeholder: '1h' },
      { key: 'post_only', label: 'Only POST counts', type: 'check' },
    ],
  },
  tcp: { label: 'TCP port', means: 'A port takes a connection.', fields: [HOST, port('443', true)] },
  tls: {
    label: 'TLS certificate',
    means: 'A certificate is trusted and does not end soon.',
    fields: [HOST, port('443'), { key: 'days', label: 'Warn so many days before', type: 'number', placeholder: '14' }],
  },
  dns: {
    label: 'DNS',
    means: 'A name has the records that are expected.',
    fields: [
      HOST,
      { key: 'record', label: 'Record', placeholder: 'A' },
      { key: 'expect', label: 'Expected values, one a line', type: 'lines', placeholder: '203.0.113.7' },
      { key: 'resolver', label: 'Name server', placeholder: '9.9.9.9:53' },
    ],
  },
  domain: {
    label: 'Domain',
    means: 'The registration of a domain does not end soon.',
    fields: [HOST, { key: 'days', label: 'Warn so many days before', type: 'number', placeholder: '30' }],
  },
  ping: { label: 'Ping', means: 'A machine answers.', fields: [HOST] },
  postgres: {
    label: 'Postgres',
    means: 'A database lets us in and answers a query.',
    fields: [
      { ...URL_FIELD, placeholder: 'postgres://user:password@host:5432/database' },
      { key: 'query', label: 'Query', placeholder: 'select 1' },
      { ...ASSERTIONS, placeholder: 'value > 0' },
    ],
  },
  redis: {
    label: 'Redis',
    means: 'A server lets us in and answers PING.',
    fields: [{ ...URL_FIELD, placeholder: 'redis://host:6379' }],
  },
  smtp: {
    label: 'SMTP',
    means: 'A mail server greets, and offers TLS where it must.',
    fields: [HOST, port('25'), { key: 'starttls', label: 'It must offer STARTTLS', type: 'check' }],
  },
  websocket: {
    label: 'WebSocket',
    means: 'A socket opens, and answers where it must.',
    fields: [
      { ...URL_FIELD, placeholder: 'wss://example.com/live' },
      { key: 'send', label: 'Message to send' },
      { key: 'expect', label: 'Text that must come' },
    ],
  },
  grpc: {
    label: 'gRPC health',
    means: 'A service says that it is serving.',
    fields: [
      HOST,
      port('50051', true),
      { key: 'service', label: 'Service', placeholder: 'the server as a whole' },
      { key: 'tls', label: 'Over TLS', type: 'check' },
    ],
  },
};

/** What every kind has. */
export const COMMON: readonly Field[] = [
  { key: 'check_interval', label: 'Every', placeholder: '60s' },
  { key: 'timeout', label: 'Time limit', placeholder: '30s' },
  { key: 'retries', label: 'Re-checks before it is down', type: 'number', placeholder: '1' },
  { key: 'locations', label: 'Places, with commas between', type: 'list', placeholder: 'local, fra, iad' },
];

/** Private addresses are refused unless somebody says so. */
export const PRIVATE: Field = { key: 'allow_private', label: 'Private addresses may be called', type: 'check' };
