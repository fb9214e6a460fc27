import { YumOpsError } from '../../../lib/errors.ts';
import { importGatus } from './gatus.ts';
import type { Imported } from './imported.ts';
import { importKuma } from './kuma.ts';

export type { Imported, ImportNote } from './imported.ts';

/**
 * Reads another tool's file: a backup of Uptime Kuma, or a configuration of Gatus.
 * @param document the parsed JSON or YAML
 * @throws {YumOpsError} `import_unknown`
 */
export function importMonitors(document: unknown): Imported {
  if (typeof document === 'object' && document !== null) {
    const sections = document as Record<string, unknown>;
    if (Array.isArray(sections['monitorList'])) return importKuma(sections);
    if (Array.isArray(sections['endpoints']) || Array.isArray(sections['external-endpoints']))
      return importGatus(sections);
  }
  throw new YumOpsError('import_unknown', 'The file is neither a backup of Uptime Kuma nor a configuration of Gatus.', {
    hint: 'A backup has "monitorList", a configuration of Gatus has "endpoints".',
    status: 400,
  });
}
