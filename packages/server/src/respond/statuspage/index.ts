export type { StatusPageConfig } from './config.ts';
export type { MonitorDay } from './ports.ts';
export {
  API_PATHS,
  type ApiPath,
  apiAnswer,
  atomFeed,
  historyPage,
  homePage,
  jsonFeed,
  notePage,
  type PageLinks,
  postPage,
  rssFeed,
  SCRIPT,
  STYLE,
  type Visit,
} from './render/index.ts';
export { CONTENT_TYPES, snapshotFiles } from './snapshot.ts';
export { createStatusPage, type StatusPage } from './statuspage.ts';
export { type LinkPurpose, subscriberLinks } from './subscribers.ts';
export type { StatusView } from './view.ts';
