import { actOnAlert } from './act-on-alert.ts';

export const resolve = actOnAlert({
  name: 'resolve',
  description: 'Resolve a firing alert by hand: everybody who was told is told of its end',
  done: 'Resolved',
});
