/** A frame as the Sentry protocol has it, with the path of its file. */
export interface Frame {
  filename: string;
  abs_path: string;
  function: string;
  lineno?: number;
  colno?: number;
  in_app: boolean;
  pre_context?: string[];
  context_line?: string;
  post_context?: string[];
}

const V8_FRAME =
  /^\s*at (?:(.+?) \()?(?:async )?((?:file:\/\/|node:|https?:\/\/|webpack-internal:\/\/\/|[A-Za-z]:\\|\/)?[^()]*?)(?::(\d+))?(?::(\d+))?\)?$/;
const GECKO_FRAME = /^(.*?)@((?:https?|file|blob):.*?):(\d+):(\d+)$/;

/** Frames of one stack that are kept. */
const MOST = 50;

/** Reads the frames of a stack's text, outermost first. Lines that are no frames are left out. */
export function readFrames(stack: string | undefined): Frame[] {
  if (typeof stack !== 'string') {
    return [];
  }
  const frames: Frame[] = [];
  for (const line of stack.split('\n', 200)) {
    const frame = readFrame(line.length > 1_000 ? line.slice(0, 1_000) : line);
    if (frame !== undefined && frames.push(frame) === MOST) {
      break;
    }
  }
  return frames.reverse();
}

function readFrame(line: string): Frame | undefined {
  const gecko = GECKO_FRAME.exec(line);
  if (gecko !== null) {
    return frameOf(gecko[1], gecko[2] as string, gecko[3], gecko[4]);
  }
  if (!/^\s*at /.test(line)) {
    return undefined;
  }
  const match = V8_FRAME.exec(line);
  return match === null ? undefined : frameOf(match[1], match[2] ?? '', match[3], match[4]);
}

function frameOf(name: string | undefined, place: string, line: string | undefined, column: string | undefined): Frame {
  const path = place.startsWith('file://') ? decodePath(place) : place;
  return {
    filename: path,
    abs_path: path,
    function: name?.replace(/^async /, '').replace(/ \[as .*\]$/, '') || '?',
    ...(line === undefined ? {} : { lineno: Number(line) }),
    ...(column === undefined ? {} : { colno: Number(column) }),
    in_app: isOwnCode(path),
  };
}

function decodePath(url: string): string {
  try {
    return decodeURIComponent(new URL(url).pathname);
  } catch {
    return url;
  }
}

function isOwnCode(path: string): boolean {
  return (
    path !== '' &&
    !/^(?:node:|internal\/|native$|<anonymous>|evalmachine)/.test(path) &&
    !/node_modules[\\/]/.test(path)
  );
}
