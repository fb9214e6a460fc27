import type { Tool } from './tool.ts';
import { alertTools } from './tools/alerts.ts';
import { careTools } from './tools/care.ts';
import { databaseTools } from './tools/database.ts';
import { errorTools } from './tools/errors.ts';
import { incidentTools } from './tools/incidents.ts';
import { logTools } from './tools/logs.ts';
import { overviewTools } from './tools/overview.ts';
import { securityTools } from './tools/security.ts';
import { traceTools } from './tools/traces.ts';
import { uptimeTools } from './tools/uptime.ts';

/** Every tool, in the order in which a responder looks at things. */
export const TOOLS: readonly Tool[] = [
  ...overviewTools,
  ...alertTools,
  ...incidentTools,
  ...errorTools,
  ...logTools,
  ...traceTools,
  ...uptimeTools,
  ...securityTools,
  ...databaseTools,
  ...careTools,
];
