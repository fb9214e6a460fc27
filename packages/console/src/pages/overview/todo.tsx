import type { TodoItem } from '@yumops/protocol';
import { withoutRule } from '../../components/alert-summary.ts';
import { Command } from '../../components/command.tsx';
import { HrefLink } from '../../components/href-link.tsx';
import { Panel } from '../../components/panel.tsx';
import { SEVERITY } from '../../components/severity.ts';
import { State } from '../../components/state.tsx';

/** What a person should do now, worst first, each with its exact fix. */
export function Todo({ items }: { items: readonly TodoItem[] }) {
  if (items.length === 0) {
    return (
      <Panel title="What needs doing">
        <State tone="ok" word="Nothing needs doing" />
      </Panel>
    );
  }
  return (
    <Panel title="What needs doing" note={String(items.length)} flush>
      <ul>
        {items.map((item) => (
          <li key={`${item.title} ${item.detail}`} className="todo">
            <State {...SEVERITY[item.severity]} look="badge" />
            <div className="todo-text">
              <h3>{item.title}</h3>
              <p className="todo-detail">{withoutRule(item.title, item.detail)}</p>
            </div>
            <Fix action={item.action} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Fix({ action }: { action: TodoItem['action'] }) {
  return (
    <div className="todo-fix">
      {action.command !== undefined && <Command line={action.command} />}
      {action.href !== undefined ? (
        <HrefLink className="button button-normal" href={action.href}>
          {action.label}
        </HrefLink>
      ) : (
        action.command === undefined && <span>{action.label}</span>
      )}
    </div>
  );
}
