export {
  createErrorBoundary,
  type ErrorBoundaryOptions,
  type FallbackProps,
  type ReactLike,
  withErrorBoundary,
} from './monitoring/error-boundary.ts';
