import type { MessageAlert, MessageBody, Outgoing } from '../../src/respond/notify/index.ts';

const AT = Date.UTC(2026, 0, 5, 10, 1, 30);

export function messageAlert(fields: Partial<MessageAlert> = {}): MessageAlert {
  return {
    id: 'a1b2c3d4e5f60718-1',
    name: 'High Error Rate',
    status: 'firing',
    severity: 'critical',
    labels: { alertname: 'High Error Rate', service: 'api' },
    annotations: {},
    summary: 'High Error Rate: 6 % of 3,000 requests failed in the last 5 min (limit 5 %), service api',
    sentence: 'Fires when more than 5 % of at least 100 requests in the last 5 minutes failed.',
    value: 6,
    threshold: 5,
    unit: '%',
    sample: 3_000,
    windowMs: 300_000,
    startedAt: AT,
    endedAt: null,
    runbook: null,
    ...fields,
  };
}

export function outgoing(fields: Partial<Outgoing> = {}, body: Partial<MessageBody> = {}): Outgoing {
  const alert = messageAlert();
  return {
    id: '0123456789abcdef0123456789abcdef',
    key: 'a1b2c3d4e5f60718:1:0:slack/#alerts:firing',
    target: '#alerts',
    body: {
      kind: 'firing',
      severity: 'critical',
      rule: alert.name,
      title: `Firing: ${alert.summary}`,
      reason: 'first notification',
      step: 0,
      alerts: [alert],
      ...body,
    },
    publicUrl: 'https://ops.yumzoom.app',
    attempt: 1,
    createdAt: AT,
    ...fields,
  };
}
