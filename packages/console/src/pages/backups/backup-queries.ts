import { queryOptions } from '@tanstack/react-query';
import type { BackupDetail, BackupsPage } from '@yumops/protocol';
import { get } from '../../api/client.ts';

export const backupsQuery = queryOptions({
  queryKey: ['backups'],
  queryFn: ({ signal }) => get<BackupsPage>('/api/v1/backups', { limit: 1000 }, signal),
});

export function backupQuery(id: string) {
  return queryOptions({
    queryKey: ['backups', id],
    queryFn: ({ signal }) => get<BackupDetail>(`/api/v1/backups/${encodeURIComponent(id)}`, {}, signal),
  });
}
