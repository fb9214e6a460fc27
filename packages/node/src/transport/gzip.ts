import { promisify } from 'node:util';

// The fastest level: lines pack well, and the CPU is the application's. Loaded when the first batch leaves.
const LEVEL = { level: 1 };

/** Packs beside the event loop. */
export function gzip(bytes: Buffer): Promise<Buffer> {
  return promisify(process.getBuiltinModule('node:zlib').gzip)(bytes, LEVEL);
}

/** Packs at once, for a process that ends. */
export function gzipNow(bytes: Buffer): Buffer {
  return process.getBuiltinModule('node:zlib').gzipSync(bytes, LEVEL);
}
