import { createHash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { defineCommand } from 'citty';
import { readSettings } from '../config/settings.ts';
import { codeOf, YumOpsError } from '../lib/errors.ts';
import { type Client, withClient } from './client.ts';
import { platformArgs, printJson } from './command.ts';

interface Uploaded {
  script: string;
  map: string;
  debugId: string;
  /** Whether the script got its debug id now. */
  injected: boolean;
}

interface UploadOptions {
  folder: string;
  release: string | undefined;
  dist: string | undefined;
  /** What stands before the path of a script in its address, such as `~/static/`. */
  prefix: string;
  remove: boolean;
  progress(line: string): void;
}

/** Reads an id that a build tool wrote into a script or its map. */
const DEBUG_ID = /^\/\/# debugId=([0-9a-fA-F-]{32,36})\s*$/m;
const MAP_COMMENT = /^\/\/[#@] sourceMappingURL=([^\s'"]+)\s*$/m;

const upload = defineCommand({
  meta: {
    name: 'yumops sourcemaps upload',
    description: 'Upload the source maps of a build, so that its errors show the source; scripts get debug ids',
  },
  args: {
    ...platformArgs,
    folder: { type: 'positional', required: true, description: 'Folder of the built scripts', valueHint: 'DIR' },
    url: { type: 'string', description: 'Address of a platform elsewhere; with YUMOPS_ADMIN_TOKEN', valueHint: 'URL' },
    release: { type: 'string', description: 'Also find the maps by release and path', valueHint: 'NAME' },
    dist: { type: 'string', description: 'Distribution of the release', valueHint: 'NAME' },
    prefix: {
      type: 'string',
      default: '~/',
      description: 'Before the path in the address of a script',
      valueHint: 'PATH',
    },
    remove: {
      type: 'boolean',
      description: 'Remove the maps from the folder afterwards, so that nobody can fetch them',
    },
  },
  async run({ args }) {
    const { folder, release, dist, prefix, remove = false } = args;
    const progress = (line: string) => void (args.json ? undefined : process.stdout.write(`${line}\n`));
    const options = { folder, release, dist, prefix, remove, progress };
    const uploaded = await withClient(readSettings(args), (client) => uploadFolder(client, options), args.url);
    if (args.json) printJson({ uploaded });
    else if (uploaded.length === 0) progress(`There are no scripts with source maps in ${folder}.`);
    else
      progress(
        `${uploaded.length} source maps uploaded, ${uploaded.filter(({ injected }) => injected).length} scripts got a debug id.`,
      );
    return uploaded.length === 0 ? 1 : 0;
  },
});

async function uploadFolder(client: Client, options: UploadOptions): Promise<Uploaded[]> {
  const uploaded: Uploaded[] = [];
  for (const script of await scriptsOf(options.folder)) {
    const found = await readMap(script);
    if (!found) continue;
    const prepared = await prepare(script, found);
    const name = `${options.prefix}${relative(options.folder, script).split(sep).join('/')}`;
    const query = { debug_id: prepared.debugId, release: options.release, dist: options.dist, name };
    await client.upload('/api/v1/source-maps', query, found.content);
    if (options.remove) await rm(found.path);
    uploaded.push({ script, map: found.path, ...prepared });
    options.progress(`${name}  ${prepared.debugId}`);
  }
  return uploaded;
}

async function scriptsOf(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && /\.[cm]?js$/.test(entry.name) && !entry.parentPath.includes('node_modules'))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT' && codeOf(cause) !== 'ENOTDIR') throw cause;
    throw new YumOpsError('no_such_folder', `There is no folder ${folder}.`, {
      hint: 'Build first.',
      status: 400,
      cause,
    });
  }
}

async function readMap(script: string): Promise<{ path: string; content: Buffer } | undefined> {
  const named = MAP_COMMENT.exec(await readFile(script, 'utf8'))?.[1];
  if (named?.startsWith('data:') || (named !== undefined && /^https?:/.test(named))) return undefined;
  const path = named === undefined ? `${script}.map` : join(dirname(script), decodeURIComponent(named));
  try {
    return { path, content: await readFile(path) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Finds the debug id of a script, or gives it one that is the same for the same build. */
async function prepare(script: string, map: { content: Buffer }): Promise<{ debugId: string; injected: boolean }> {
  const text = await readFile(script, 'utf8');
  const inMap = JSON.parse(map.content.toString('utf8')) as { debug_id?: unknown; debugId?: unknown };
  const written = DEBUG_ID.exec(text)?.[1] ?? inMap.debug_id ?? inMap.debugId;
  if (typeof written === 'string') return { debugId: written, injected: false };
  const debugId = idOf(createHash('sha256').update(text).update(map.content).digest('hex'));
  await writeFile(script, withDebugId(text, debugId));
  return { debugId, injected: true };
}

function idOf(hash: string): string {
  const variant = ((Number.parseInt(hash.slice(16, 17), 16) & 3) | 8).toString(16);
  const hex = `${hash.slice(0, 12)}4${hash.slice(13, 16)}${variant}${hash.slice(17, 32)}`;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** SDKs read ids from this table, by the stack of an error that is made in the script. At the end no line moves. */
function withDebugId(text: string, debugId: string): string {
  const register = `;try{let g=globalThis;(g._sentryDebugIds??={})[new Error().stack]="${debugId}"}catch{}`;
  const comment = MAP_COMMENT.exec(text);
  const body = (comment ? text.replace(comment[0], '') : text).trimEnd();
  return [body, register, `//# debugId=${debugId}`, comment?.[0].trim() ?? ''].join('\n');
}

export const sourcemaps = defineCommand({
  meta: { name: 'yumops sourcemaps', description: 'Source maps of builds' },
  subCommands: { upload },
});
