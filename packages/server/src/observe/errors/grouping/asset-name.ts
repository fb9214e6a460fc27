/** Part of a path that names a build: a hash, a version, a time, a number. */
const BUILD_SEGMENT =
  /^(?:v?\d+(?:\.\d+){1,3}(?:[-+][\w.]+)?|\d{6,}|[\da-f]{7,64}|(?=.*\d)(?=.*[A-Za-z])[\w-]{16,40}|build-[\w-]+|release-[\w.-]+)$/i;

/** `main-4f9c2a1b.js`, `index.DbQ2xY9p.mjs`, `chunk~a1b2c3.css`: a name and the hash of what it holds. */
const HASHED_NAME = /^(.*?)([-.~_])([A-Za-z\d_-]{6,64})(\.chunk|\.bundle|\.min)?(\.(?:[cm]?[jt]sx?|css|wasm|json))$/;

/** `4287.js`, `4287-a1b2.js`: a chunk that has no name but a number or a hash. */
const NUMBERED = /^(?:\d+|[\da-f]{6,64})((?:\.chunk|\.bundle|\.min)?\.(?:[cm]?js|css))$/i;

/**
 * The path of a script as it stays over deploys: without origin, query, build segments and content hashes.
 * `https://x/_next/static/chunks/app-4f9c2a1b.js?dpl=1` → `_next/static/chunks/app-<hash>.js`
 */
export function stableAssetName(path: string): string {
  const plain = path
    .replace(/[?#].*$/, '')
    .replace(/^(?:webpack|turbopack|ng|app|rollup|vite|file|https?|blob):\/{2,3}(?:_N_E\/|[^/]*\/)?/i, '')
    .replace(/^(?:\.{0,2}\/)+/, '');
  const segments = plain.split(/[/\\]/);
  const name = segments.pop() ?? '';
  const folders = segments.map((segment) => (BUILD_SEGMENT.test(segment) ? '<build>' : segment));
  return [...folders.slice(-4), stableName(name)].join('/');
}

function stableName(name: string): string {
  const numbered = NUMBERED.exec(name);
  if (numbered) return `<chunk>${numbered[1]}`;
  const hashed = HASHED_NAME.exec(name);
  if (!hashed || !looksHashed(hashed[3] as string)) return name;
  const [, stem, separator, , infix = '', extension] = hashed as unknown as [
    string,
    string,
    string,
    string,
    string?,
    string?,
  ];
  return `${/^\d+$/.test(stem) ? '<chunk>' : stem}${separator}<hash>${infix}${extension}`;
}

/** Words are no hashes: a hash has digits, or mixes cases as words do not. */
function looksHashed(text: string): boolean {
  if (/^[\da-f]{8,}$/i.test(text) && /\d/.test(text)) return true;
  if (/\d/.test(text)) return text.length >= 6 && !/^[a-z]+\d{1,2}$/i.test(text);
  return text.length >= 8 && /[a-z][A-Z]/.test(text) && /[A-Z]{2}|[A-Z].*[A-Z]/.test(text) && text.length <= 12;
}
