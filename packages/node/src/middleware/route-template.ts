const IDENTIFIER =
  /^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?=[^/]*\d)[0-9a-f]{16,}|[0-9A-HJKMNP-TV-Z]{26}|(?=[^/]*\d)[\w-]{21,})$/i;
/** Identifiers that are not numbers alone have at least so many characters. */
const SHORTEST_MIXED = 16;
const MAX_SEGMENTS = 12;

/** The path of a URL or request target, without query and fragment. */
export function pathOf(target: string): string {
  const query = target.indexOf('?');
  const beforeQuery = query === -1 ? target : target.slice(0, query);
  const fragment = beforeQuery.indexOf('#');
  const path = fragment === -1 ? beforeQuery : beforeQuery.slice(0, fragment);
  return path.startsWith('/') ? path : (/^[a-z][a-z\d+.-]*:\/\/[^/]*(\/.*)?$/i.exec(path)?.[1] ?? '/');
}

/** A guess for a path whose route is not known: segments that look like identifiers become `[id]`. */
export function guessTemplate(path: string): string {
  if (path !== '' && path.length <= 64 && !/\d/.test(path)) {
    return path;
  }
  let template = '';
  let start = 0;
  for (let count = 0; start <= path.length; count++) {
    if (count === MAX_SEGMENTS) {
      template += '/…';
      break;
    }
    const slash = path.indexOf('/', start);
    const end = slash === -1 ? path.length : slash;
    template += (count === 0 ? '' : '/') + (isIdentifier(path, start, end) ? '[id]' : path.slice(start, end));
    start = end + 1;
  }
  return template.slice(0, 256) || '/';
}

/** Whether the segment from `start` to `end` looks like an identifier; most are numbers or words, which needs no pattern. */
function isIdentifier(path: string, start: number, end: number): boolean {
  let digits = 0;
  for (let i = start; i < end; i++) {
    const code = path.charCodeAt(i);
    digits += code >= 0x30 && code <= 0x39 ? 1 : 0;
  }
  if (digits === 0 || digits === end - start) {
    return digits > 0;
  }
  return end - start >= SHORTEST_MIXED && IDENTIFIER.test(path.slice(start, end));
}

/** Route parameters as frameworks hand them over. */
export type RouteParams = Readonly<Record<string, string | readonly string[] | undefined>>;

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/**
 * Puts the names of parameters back into a path: `/api/restaurants/12` with `{id: '12'}` is `/api/restaurants/[id]`.
 * A list stands for the segments of a catch-all route, `[...slug]`.
 */
export function templateFromParams(path: string, params: RouteParams): string {
  let segments = path.split('/');
  for (const [name, value] of Object.entries(params)) {
    if (typeof value === 'string') {
      const at = segments.findLastIndex((segment) => decoded(segment) === decoded(value));
      segments = at === -1 ? segments : segments.with(at, `[${name}]`);
    } else if (value !== undefined && value.length > 0) {
      const at = segments.length - value.length;
      const matches = value.every((part, i) => decoded(segments[at + i] ?? '') === decoded(part));
      segments = matches ? [...segments.slice(0, at), `[...${name}]`] : segments;
    }
  }
  return segments.join('/') || '/';
}
