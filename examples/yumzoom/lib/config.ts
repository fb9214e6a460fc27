import 'server-only';
import { join } from 'node:path';

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set. Start YumZoom with: node scripts/start.mjs`);
  return value;
}

/** Settings from the environment, read when they are used, so that `next build` needs none of them. */
export const config = {
  /** The site's own role: reads and writes rows. */
  databaseUrl: () => required('DATABASE_URL'),
  /** A role that sees statistics only. */
  monitorDatabaseUrl: () => required('MONITOR_DATABASE_URL'),
  /** A role that may call the maintenance functions and remove what has expired. */
  maintenanceDatabaseUrl: () => required('MAINTENANCE_DATABASE_URL'),
  uploadsFolder: () => process.env.YUMZOOM_UPLOADS ?? join(process.cwd(), '.data', 'uploads'),
  partners: {
    maps: () => ({ url: required('MAPS_URL'), key: required('MAPS_API_KEY') }),
    payments: () => ({ url: required('PAYMENTS_URL'), key: required('PAYMENTS_API_KEY') }),
    email: () => ({ url: required('EMAIL_URL'), key: required('EMAIL_API_KEY') }),
  },
  faults: {
    enabled: () => process.env.YUMZOOM_FAULTS === '1',
    /** Where the runner listens: traffic and partners live in its process. */
    controlUrl: () => process.env.YUMZOOM_CONTROL_URL,
    controlToken: () => process.env.YUMZOOM_CONTROL_TOKEN,
  },
};
