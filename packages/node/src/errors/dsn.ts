/** Where envelopes go and the key that opens it. */
export interface Dsn {
  /** Address of the envelope route. */
  url: URL;
  key: string;
  text: string;
}

/** Reads a DSN, `https://KEY@HOST/PATH/PROJECT`; undefined when it is none. */
export function parseDsn(text: string | undefined): Dsn | undefined {
  if (text === undefined || !URL.canParse(text)) {
    return undefined;
  }
  const dsn = new URL(text);
  const path = dsn.pathname.split('/').filter(Boolean);
  const project = path.pop();
  if (dsn.username === '' || project === undefined || !/^\d+$/.test(project) || !/^https?:$/.test(dsn.protocol)) {
    return undefined;
  }
  const prefix = path.length > 0 ? `/${path.join('/')}` : '';
  return {
    url: new URL(`${dsn.protocol}//${dsn.host}${prefix}/api/${project}/envelope/`),
    key: dsn.username,
    text: `${dsn.protocol}//${dsn.username}@${dsn.host}${prefix}/${project}`,
  };
}

/** The DSN of YumOps itself, from the address and key that logs use. */
export function dsnOf(url: string | undefined, key: string | undefined, project = '1'): string | undefined {
  if (url === undefined || key === undefined || !URL.canParse(url)) {
    return undefined;
  }
  const { protocol, host } = new URL(url);
  return `${protocol}//${key}@${host}/${project}`;
}
