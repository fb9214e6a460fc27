/** What the boundary needs of React: it is the application's own. */
export interface ReactLike {
  Component: new (props: never) => object;
  createElement(...args: never[]): unknown;
}

export interface FallbackProps {
  /** What was thrown; for a person it is rarely of use. */
  error: unknown;
  /** Of the event that was sent; for the person to name. */
  eventId: string;
  /** Renders the children again. */
  resetError(): void;
}

export interface ErrorBoundaryOptions {
  fallback(props: FallbackProps): unknown;
  /** Sends the error. @returns the event's id */
  capture(error: unknown, context: { componentStack: string }): string;
  /** Told after the error was sent. */
  onError?(error: unknown, componentStack: string, eventId: string): void;
}

interface BoundaryState {
  failed: boolean;
  error: unknown;
  eventId: string;
}

const WHOLE: BoundaryState = { failed: false, error: undefined, eventId: '' };

/**
 * Makes a component that shows `fallback` in place of children that failed to render, and sends why. React is an
 * argument, so that this package needs none: `createErrorBoundary(React, {…})`.
 */
export function createErrorBoundary<Component = unknown>(React: ReactLike, options: ErrorBoundaryOptions): Component {
  const Base = React.Component as unknown as new (
    props: object,
  ) => {
    props: { children?: unknown };
    state: BoundaryState;
    setState(state: BoundaryState): void;
  };
  class ErrorBoundary extends Base {
    override state: BoundaryState = WHOLE;

    static getDerivedStateFromError(error: unknown): Partial<BoundaryState> {
      return { failed: true, error };
    }

    componentDidCatch(error: unknown, info: { componentStack?: string | null }): void {
      const componentStack = info.componentStack ?? '';
      const eventId = options.capture(error, { componentStack });
      this.setState({ failed: true, error, eventId });
      options.onError?.(error, componentStack, eventId);
    }

    render(): unknown {
      const { failed, error, eventId } = this.state;
      const resetError = () => this.setState(WHOLE);
      return failed ? options.fallback({ error, eventId, resetError }) : this.props.children;
    }
  }
  return ErrorBoundary as unknown as Component;
}

/** Puts a component inside such a boundary. */
export function withErrorBoundary<Component>(
  React: ReactLike,
  component: Component,
  options: ErrorBoundaryOptions,
): Component {
  const createElement = React.createElement as unknown as (...args: unknown[]) => unknown;
  const Boundary = createErrorBoundary(React, options);
  const wrapped = (props: object) => createElement(Boundary, null, createElement(component, props));
  return wrapped as unknown as Component;
}
