import { useState } from 'react';
import { Button as AriaButton } from 'react-aria-components/Button';
import { Menu, MenuItem, MenuTrigger } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';
import { Icon } from '../../components/icon.tsx';
import { download, type FileFormat } from './export-file.ts';
import { type LogSearch, readRows } from './logs-queries.ts';

/** Most lines in a file; more than that is a question for SQL or the command line. */
const MOST = 10_000;

const COLUMNS = [
  'timestamp',
  'level',
  'project',
  'service',
  'environment',
  'release',
  'message',
  'type',
  'event',
  'severity',
  'method',
  'endpoint',
  'statusCode',
  'duration',
  'ip',
  'userId',
  'requestId',
  'traceId',
  'spanId',
  'id',
] as const;

/** The lines of the current view as a file. */
export function ExportMenu({ search }: { search: LogSearch }) {
  const [state, setState] = useState<'idle' | 'busy' | 'failed'>('idle');
  const save = async (format: FileFormat) => {
    setState('busy');
    try {
      const rows = await readRows(search, MOST);
      download(
        'logs',
        format,
        [...COLUMNS, 'attributes'],
        rows.map(({ fields = {}, attributes }) => [...COLUMNS.map((column) => fields[column]), attributes]),
      );
      setState('idle');
    } catch {
      setState('failed');
    }
  };
  return (
    <MenuTrigger>
      <AriaButton className="button" isDisabled={state === 'busy'}>
        <Icon name={state === 'failed' ? 'bad' : 'download'} />
        <span aria-live="polite">
          {state === 'busy' ? 'Reading…' : state === 'failed' ? 'Export failed' : 'Export'}
        </span>
      </AriaButton>
      <Popover className="popover" placement="bottom end">
        <Menu className="user-menu" aria-label="Export" onAction={(key) => void save(key === 'csv' ? 'csv' : 'ndjson')}>
          <MenuItem id="csv" className="menu-item">
            CSV, up to {MOST.toLocaleString('en')} lines
          </MenuItem>
          <MenuItem id="ndjson" className="menu-item">
            NDJSON, up to {MOST.toLocaleString('en')} lines
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
