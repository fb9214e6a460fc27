/** A source file that becomes a function, and the route that it answers. */
export interface RouteFile {
  /** Relative to the folder of vercel.json, with slashes. */
  file: string;
  /** `/api/restaurants/[id]`. */
  route: string;
}

const HANDLER = /\.(?:[cm]?[jt]s|[jt]sx|py|go|rb)$/;

/** Segments of the app router that do not stand in addresses: groups and slots. */
const UNSEEN = /^(?:\(.*\)|@.*)$/;

function joined(segments: readonly string[]): string {
  return `/${segments.filter((segment) => segment !== '' && !UNSEEN.test(segment)).join('/')}`;
}

/**
 * The route that a file of a Next.js project, or of a folder `api`, answers; null when it is no function.
 * @param file relative, with slashes
 */
export function routeOf(file: string): string | null {
  if (!HANDLER.test(file) || /\.d\.ts$/.test(file)) return null;
  const segments = file.replace(/^src\//, '').split('/');
  const name = (segments.pop() ?? '').replace(HANDLER, '');
  const [root, ...folders] = segments;
  if (root === 'app') return /^(?:route|page)$/.test(name) ? joined(folders) : null;
  // Files that begin with _ or . are parts of others.
  if (/^[_.]/.test(name) || (root !== 'pages' && root !== 'api')) return null;
  return joined([...(root === 'api' ? ['api'] : []), ...folders, ...(name === 'index' ? [] : [name])]);
}

/** The files of a project that become functions. */
export function routeFiles(files: readonly string[]): RouteFile[] {
  return files.flatMap((file) => {
    const route = routeOf(file);
    return route === null ? [] : [{ file, route }];
  });
}

/** `[id]`, `:id` and `{id}` are one segment of any name, `[...all]` and `[[...all]]` several. */
function shape(route: string): RegExp {
  const parts = route.split('/').map((segment) => {
    if (/^\[?\[\.\.\./.test(segment)) return '.+';
    if (/^(?:\[.*\]|:.+|\{.*\})$/.test(segment)) return '[^/]+';
    return segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('/')}/?$`);
}

/** Whether a route answers an address or the template of an address. */
export function answers(route: string, path: string): boolean {
  return shape(route).test(path.replace(/\?.*$/, ''));
}
