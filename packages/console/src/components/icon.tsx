import './icon.css';

/** Outlines on a 16 × 16 grid, drawn with the colour of the text. */
const PATHS = {
  overview: 'M2.5 2.5h4.5v6h-4.5zM9 2.5h4.5v3.5h-4.5zM9 8h4.5v5.5h-4.5zM2.5 10.5h4.5v3h-4.5z',
  alerts: 'M8 2a4 4 0 0 1 4 4v3l1.3 2.3H2.7L4 9V6a4 4 0 0 1 4-4zM6.5 13.5h3',
  'on-call':
    'M4 2.5h2.2l1 3-1.5 1.2a8 8 0 0 0 3.6 3.6l1.2-1.5 3 1V12a1.5 1.5 0 0 1-1.6 1.5A10.4 10.4 0 0 1 2.5 4.1 1.5 1.5 0 0 1 4 2.5z',
  uptime: 'M1.5 8.5h3l2-5 3 9 2-4h3',
  logs: 'M2.5 3.5h2M2.5 8h2M2.5 12.5h2M6.5 3.5h7M6.5 8h7M6.5 12.5h4.5',
  errors: 'M8 2.5l4.5 2.6v5.8L8 13.5l-4.5-2.6V5.1zM8 5.5v3M8 10.3v.3',
  database:
    'M8 2.2c3 0 5 .9 5 2s-2 2-5 2-5-.9-5-2 2-2 5-2zM3 4.2v7.6c0 1.1 2 2 5 2s5-.9 5-2V4.2M3 8c0 1.1 2 2 5 2s5-.9 5-2',
  traces: 'M2.5 3.5h7M5 8h8.5M8 12.5h4',
  users:
    'M6 3a2.2 2.2 0 1 1 0 4.4A2.2 2.2 0 0 1 6 3zM2 13c.3-2.2 1.9-3.4 4-3.4s3.700 1.200 4 3.400M10.500 3.300a2 2 0 0 1 0 3.800M11.600 9.900c1.400.4 2.300 1.500 2.500 3.100',
  backups: 'M2.5 4.5h11v8h-11zM2.5 7h11M5 2.5h6M8 8.5v2.5M6.6 9.8L8 11.2l1.4-1.4',
  security: 'M8 2l5 1.800v4c0 3-2 5.200-5 6.200-3-1-5-3.200-5-6.200v-4zM5.800 8l1.600 1.600 2.900-3.200',
  reports: 'M3.5 2h6l3 3v9h-9zM9.5 2v3h3M6 11.5v-2M8 11.5v-4M10 11.5v-3',
  jobs: 'M2.5 3.5h3v3h-3zM8 5h5.5M2.5 9.5h3v3h-3zM8 11h5.5M3.3 4.9l.8.8 1-1.4',
  inbox: 'M2.5 9.5l2-6.5h7l2 6.5v3.5h-11zM2.5 9.5h3.5l.8 1.5h2.4l.8-1.5h3.5',
  settings: 'M2.5 4.5h6M11.5 4.5h2M2.5 11.5h2M7.5 11.5h6M10 3v3M6 10v3',
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.3 10.3l3.2 3.2',
  refresh: 'M13 8a5 5 0 1 1-1.6-3.7M13.2 2.2v3h-3',
  play: 'M5 3.2v9.6l7.5-4.8z',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  'chevron-down': 'M4 6.2l4 4 4-4',
  'chevron-right': 'M6.2 4l4 4-4 4',
  'chevron-left': 'M9.8 4l-4 4 4 4',
  close: 'M4 4l8 8M12 4l-8 8',
  ok: 'M8 2a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM5.3 8.2l1.9 1.9 3.5-4',
  warn: 'M8 2.4l6 10.8H2zM8 6.5v3M8 11.2v.3',
  bad: 'M5.6 2h4.8L14 5.6v4.8L10.4 14H5.6L2 10.4V5.6zM5.9 5.9l4.2 4.2M10.1 5.9l-4.2 4.2',
  info: 'M8 2a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM8 7.2v3.6M8 5v.3',
  unknown: 'M6.3 6.2A1.8 1.8 0 1 1 8.6 8c-.5.2-.6.6-.6 1.1M8 11.2v.3',
  pending: 'M8 2a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM8 4.8V8l2.2 1.6',
  muted: 'M4 9V6.2M5.2 3.2A4 4 0 0 1 12 6v3M13 11.3H2.7L4 9M6.5 13.5h3M2 2l12 12',
  link: 'M6.8 9.2l2.4-2.4M7.3 5l1.6-1.6a2.6 2.6 0 0 1 3.7 3.7L11 8.7M8.7 11l-1.6 1.6a2.6 2.6 0 0 1-3.7-3.7L5 7.3',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  'filter-in': 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.3 10.3l3.2 3.2M7 5v4M5 7h4',
  'filter-out': 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.3 10.3l3.2 3.2M5 7h4',
  download: 'M8 2.5v7M5 7l3 3 3-3M2.5 12.5v1h11v-1',
  expand: 'M9.5 2.5h4v4M13.5 2.5l-5 5M6.5 3.5h-4v10h10v-4',
  light:
    'M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M3.4 12.6l.7-.7M11.9 4.1l.7-.7',
  user: 'M8 2.5a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6zM2.8 13.5c.4-2.6 2.5-4 5.2-4s4.8 1.4 5.2 4',
  sms: 'M2.5 3h11v7.5H7L4.2 13v-2.5H2.500z',
  add: 'M8 3v10M3 8h10',
  email: 'M2 3.5h12v9H2zM2 4.5l6 4.5 6-4.5',
  slack: 'M6 2.5l-1 11M11 2.5l-1 11M2.5 6h11.5M2 10.5h11.5',
  webhook: 'M5.5 4L2 8l3.5 4M10.5 4L14 8l-3.5 4',
  calendar: 'M2.5 3.5h11v10h-11zM2.5 6.5h11M5.5 2v3M10.5 2v3',
  swap: 'M3 5.5h9.5M10 3l2.5 2.5L10 8M13 10.5H3.5M6 8l-2.5 2.5L6 13',
  remove: 'M3 4.5h10M6 4.5v-2h4v2M4.5 4.5l.5 9h6l.5-9',
  key: 'M5.2 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6zM8 8h6M11.5 8v2.2M13.5 8v1.6',
  keyboard: 'M1.5 4h13v8h-13zM4 6.5h.2M6.6 6.5h.2M9.2 6.5h.2M11.8 6.5h.2M4.5 9.5h7',
  zone: 'M8 2a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM2 8h12M8 2c2 2 2.6 4 2.6 6S10 12 8 14c-2-2-2.6-4-2.6-6S6 4 8 2z',
  'zoom-out': 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.3 10.3l3.2 3.2M5 7h4',
  table: 'M2 3h12v10H2zM2 6.3h12M2 9.6h12M6.5 6.3V13',
  chart: 'M2.5 2.5v11h11M5.5 11V8M8.5 11V5M11.5 11V7',
  rail: 'M2.5 3h11v10h-11zM6 3v10',
  'sign-out': 'M6.5 2.5h-4v11h4M6 8h7.5M10.5 5l3 3-3 3',
  more: 'M3.5 8h.2M8 8h.2M12.4 8h.2',
} as const;

export type IconName = keyof typeof PATHS;

/** A picture that only repeats what a word beside it says; hidden from assistive technology. */
export function Icon({ name }: { name: IconName }) {
  const ring = name === 'unknown';
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {ring && <circle cx="8" cy="8" r="6" strokeDasharray="2.2 1.6" />}
      <path d={PATHS[name]} />
    </svg>
  );
}
