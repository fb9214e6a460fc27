import { Component, type ErrorInfo, type ReactNode } from 'react';
import { captureException } from './index.ts';

/** What an {@link ErrorBoundary} is given. */
export interface ErrorBoundaryProps {
  children?: ReactNode;
  /** What is shown instead of children that threw; a function may offer to try again. Default nothing. */
  fallback?: ReactNode | ((error: unknown, reset: () => void) => ReactNode);
}

/** Reports what its children throw while they are drawn, with the components that it happened in. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, { caught?: { error: unknown } | undefined }> {
  override state: { caught?: { error: unknown } | undefined } = {};

  static getDerivedStateFromError(error: unknown) {
    return { caught: { error } };
  }

  override componentDidCatch(error: unknown, { componentStack }: ErrorInfo): void {
    captureException(error, { componentStack: componentStack ?? '' });
  }

  override render(): ReactNode {
    const { children, fallback = null } = this.props;
    const { caught } = this.state;
    if (!caught) return children;
    return typeof fallback === 'function'
      ? fallback(caught.error, () => this.setState({ caught: undefined }))
      : fallback;
  }
}
