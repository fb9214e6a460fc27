/** A frame of a stack, in the words of the Sentry protocol. Lines and columns count from 1. */
export interface StackFrame {
  filename?: string | undefined;
  abs_path?: string | undefined;
  function?: string | undefined;
  module?: string | undefined;
  lineno?: number | undefined;
  colno?: number | undefined;
  in_app?: boolean | undefined;
  pre_context?: string[] | undefined;
  context_line?: string | undefined;
  post_context?: string[] | undefined;
  /** Set where a source map was applied: the frame as it was sent. */
  raw?: Pick<StackFrame, 'filename' | 'abs_path' | 'function' | 'lineno' | 'colno'> | undefined;
  [other: string]: unknown;
}

export interface ExceptionValue {
  type?: string | undefined;
  value?: string | undefined;
  module?: string | undefined;
  mechanism?: Record<string, unknown> | undefined;
  stacktrace?: { frames: StackFrame[]; [other: string]: unknown } | undefined;
  [other: string]: unknown;
}

/** An error event as it is kept: the sender's members, with those that this platform reads brought into one form. */
export interface ErrorEvent {
  event_id: string;
  level: string;
  platform: string;
  /** Root cause first, as the protocol has it; the error that was thrown is the last. */
  exception: { values: ExceptionValue[] };
  message: string;
  /** The message before its parameters were filled in, where the sender knows it. */
  template: string | null;
  fingerprint: string[];
  tags: Record<string, string>;
  transaction: string | null;
  release: string | null;
  dist: string | null;
  environment: string | null;
  debug_meta: { images: { code_file: string; debug_id: string }[] };
  [other: string]: unknown;
}

/** The error that was thrown, whose causes come before it. */
export function thrownOf(event: Pick<ErrorEvent, 'exception'>): ExceptionValue | undefined {
  return event.exception.values.at(-1);
}
