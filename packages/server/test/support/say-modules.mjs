// `node --import` this: a line on stderr for every module file that is loaded.
import { register } from 'node:module';

const hooks = `
  import { writeSync } from 'node:fs';
  export function load(url, context, next) {
    if (url.startsWith('file:')) writeSync(2, 'module ' + url + '\\n');
    return next(url, context);
  }`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
