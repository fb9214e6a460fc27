export { followStored, type LogFollower } from './follow-stored.ts';
export { listViews, removeView, saveView, type ViewActor } from './saved-views.ts';
export { type Matchable, toMatcher } from './search/matcher.ts';
export { parseLogQuery } from './search/query-language.ts';
export { createLogSearch, type LogSearch, type LogSelection } from './search/search.ts';
export { RELATIONS } from './sql/allow-list.ts';
export { runQuery } from './sql/run-query.ts';
