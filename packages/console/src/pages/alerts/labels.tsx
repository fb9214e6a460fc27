/** Labels but the rule's own name, as `name=value`. */
export function Labels({ labels }: { labels: Record<string, string> }) {
  const shown = Object.entries(labels).filter(([name]) => name !== 'alertname' && name !== 'severity');
  if (shown.length === 0) return null;
  return (
    <span className="labels mono">
      {shown.map(([name, value]) => (
        <span key={name}>
          {name}={value}
        </span>
      ))}
    </span>
  );
}
