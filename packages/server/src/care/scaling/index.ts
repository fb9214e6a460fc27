export { type BandPoint, type Forecast, forecast, type Outlook, outlookText } from './forecast/outlook.ts';
export { HOUR_MS, type Point } from './forecast/series.ts';
export type { VercelContext } from './vercel/context.ts';
export type { ConfiguredJob } from './vercel/cron.ts';
export { LIMITS, PLANS, type Plan } from './vercel/facts.ts';
export { type Generated, generateVercel, type VercelFile } from './vercel/generate.ts';
export { lintVercel } from './vercel/lint.ts';
export type { MemoryLoad, RouteLoad } from './vercel/measured.ts';
export { type RouteFile, routeFiles } from './vercel/routes.ts';
