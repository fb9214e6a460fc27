import 'server-only';
import { basename, join } from 'node:path';
import { config } from '@/lib/config';

/** Where a photo lies now. Only the name of a stored path counts: the folder may have moved since. */
export const photoPath = (storedPath: string) =>
  join(/*turbopackIgnore: true*/ config.uploadsFolder(), basename(storedPath));
