export { burnRules } from './burn-rules.ts';
export { compileSlo, type RawSlo, sloShape } from './config.ts';
export { listSlos, type SloDeps } from './list-slos.ts';
export { previewSlo } from './preview.ts';
export type { Slo } from './slo.ts';
