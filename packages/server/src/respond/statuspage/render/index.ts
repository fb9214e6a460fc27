export { API_PATHS, type ApiPath, apiAnswer } from './api.ts';
export { atomFeed, jsonFeed, rssFeed } from './feeds.ts';
export { historyPage, homePage, notePage, type PageLinks, postPage, type Visit } from './page.ts';
export { SCRIPT, STYLE } from './style.ts';
export { escapeHtml } from './words.ts';
