const IDENTIFIER =
  /^(?:\d+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?=[^/]*\d)[0-9a-f]{16,}|[0-9A-HJKMNP-TV-Z]{26}|(?=[^/]*\d)[\w-]{21,})$/i;
const MAX_SEGMENTS = 12;

/** The path of a URL or request target, without query and fragment. */
export function pathOf(target: string): string {
  const end = target.search(/[?#]/);
  const path = end === -1 ? target : target.slice(0, end);
  return path.startsWith('/') ? path : (/^[a-z][a-z\d+.-]*:\/\/[^/]*(\/.*)?$/i.exec(path)?.[1] ?? '/');
}

/** A guess for a path whose route is not known: segments that look like identifiers become `[id]`. */
export function guessTemplate(path: string): string {
  if (path !== '' && path.length <= 64 && !/\d/.test(path)) {
    return path;
  }
  const segments = path.split('/');
  const named = segments
    .slice(0, MAX_SEGMENTS)
    .map((segment) => (/\d/.test(segment) && IDENTIFIER.test(segment) ? '[id]' : segment));
  return (segments.length > MAX_SEGMENTS ? [...named, '…'] : named).join('/').slice(0, 256) || '/';
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
