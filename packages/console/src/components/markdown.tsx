import { lexer, type Token, type Tokens } from 'marked';
import { Fragment, type ReactNode } from 'react';
import './markdown.css';

export interface MarkdownProps {
  text: string;
  /** What stands in the place of a link whose address begins with `action:`; left out = nothing does. */
  action?: (label: string, href: string) => ReactNode;
}

/** Markdown as elements: nothing in the text becomes HTML by itself, and links lead only to the web or the console. */
export function Markdown({ text, action }: MarkdownProps) {
  return <div className="markdown">{blocks(lexer(text), action)}</div>;
}

type Action = MarkdownProps['action'];

function blocks(tokens: readonly Token[], action: Action): ReactNode {
  return tokens.map((token, index) => {
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no identity of their own
    return <Fragment key={index}>{block(token, action)}</Fragment>;
  });
}

function block(token: Token, action: Action): ReactNode {
  switch (token.type) {
    case 'heading':
      return heading(token as Tokens.Heading, action);
    case 'paragraph':
      return <p>{blocks((token as Tokens.Paragraph).tokens, action)}</p>;
    case 'list':
      return list(token as Tokens.List, action);
    case 'code':
      return (
        <pre>
          <code>{(token as Tokens.Code).text}</code>
        </pre>
      );
    case 'blockquote':
      return <blockquote>{blocks((token as Tokens.Blockquote).tokens, action)}</blockquote>;
    case 'table':
      return table(token as Tokens.Table, action);
    case 'hr':
      return <hr />;
    case 'space':
      return null;
    default:
      return inline(token, action);
  }
}

function heading({ depth, tokens }: Tokens.Heading, action: Action): ReactNode {
  const content = blocks(tokens, action);
  // The page has the first two levels.
  return depth <= 2 ? <h3>{content}</h3> : <h4>{content}</h4>;
}

function list({ ordered, items }: Tokens.List, action: Action): ReactNode {
  const rows = items.map((item, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the items of a text have no identity of their own
    <li key={index}>
      {item.task === true && <span aria-hidden="true">{item.checked === true ? '☑ ' : '☐ '}</span>}
      {blocks(
        item.tokens.filter(({ type }) => type !== 'checkbox'),
        action,
      )}
    </li>
  ));
  return ordered ? <ol>{rows}</ol> : <ul>{rows}</ul>;
}

function table({ header, rows }: Tokens.Table, action: Action): ReactNode {
  const cells = (row: readonly Tokens.TableCell[], Cell: 'th' | 'td') =>
    // biome-ignore lint/suspicious/noArrayIndexKey: the cells of a text have no identity of their own
    row.map(({ tokens }, index) => <Cell key={index}>{blocks(tokens, action)}</Cell>);
  const isHead = header.some(({ text }) => text.trim() !== '');
  return (
    <table>
      {isHead && (
        <thead>
          <tr>{cells(header, 'th')}</tr>
        </thead>
      )}
      <tbody>
        {rows.map((row, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the rows of a text have no identity of their own
          <tr key={index}>{cells(row, 'td')}</tr>
        ))}
      </tbody>
    </table>
  );
}

function inline(token: Token, action: Action): ReactNode {
  switch (token.type) {
    case 'strong':
      return <strong>{blocks((token as Tokens.Strong).tokens, action)}</strong>;
    case 'em':
      return <em>{blocks((token as Tokens.Em).tokens, action)}</em>;
    case 'del':
      return <del>{blocks((token as Tokens.Del).tokens, action)}</del>;
    case 'codespan':
      return <code>{(token as Tokens.Codespan).text}</code>;
    case 'br':
      return <br />;
    case 'link':
      return link(token as Tokens.Link, action);
    case 'escape':
      return (token as Tokens.Escape).text;
    case 'text': {
      const { tokens, text } = token as Tokens.Text;
      return tokens ? blocks(tokens, action) : unescaped(text);
    }
    default:
      return token.raw;
  }
}

function link({ href, text, tokens }: Tokens.Link, action: Action): ReactNode {
  if (href.startsWith('action:')) return action?.(text, href) ?? null;
  if (!/^(https?:\/\/|mailto:|\/(?!\/))/.test(href)) return blocks(tokens, action);
  return (
    <a href={href} rel="noreferrer">
      {blocks(tokens, action)}
    </a>
  );
}

/** The lexer escapes some characters for HTML, which React does by itself. */
function unescaped(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}
