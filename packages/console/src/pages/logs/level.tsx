/** Colour token of a level; an unknown one looks like `trace`. */
export function levelToken(level: string): string {
  const known = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
  return `level-${known.includes(level) ? level : 'trace'}`;
}

/** A level as a coloured mark and its word. */
export function Level({ level }: { level: string }) {
  return (
    <span className={`level level-is-${level}`}>
      <svg className="level-mark" viewBox="0 0 8 8" aria-hidden="true" style={{ color: `var(--${levelToken(level)})` }}>
        <LevelShape level={level} />
      </svg>
      {level}
    </span>
  );
}

/** Shapes differ too, so that colour is never alone. */
function LevelShape({ level }: { level: string }) {
  if (level === 'error' || level === 'fatal') return <path d="M2.4 0h3.2L8 2.4v3.2L5.6 8H2.4L0 5.6V2.4z" />;
  if (level === 'warn') return <path d="M4 .4 8 7.6H0z" />;
  if (level === 'info') return <circle cx="4" cy="4" r="3.2" />;
  return <rect x="1.5" y="3" width="5" height="2" />;
}
