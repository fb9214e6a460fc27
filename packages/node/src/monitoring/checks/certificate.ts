import type { CheckDefinition } from '../health-check.ts';
import { type FigureCheckOptions, figureCheck } from './figures.ts';

export interface CertificateOptions extends FigureCheckOptions {
  host: string;
  /** Default 443. */
  port?: number;
  /** Days left below which it is degraded and unhealthy; default 14 and 3. */
  limits?: readonly [number, number];
}

/** How many days the certificate of a host is good for. One that is not trusted is not asked for: `httpCheck` notices that. */
export function certificateCheck(options: CertificateOptions): CheckDefinition {
  const { host, port = 443, limits = [14, 3] } = options;
  return figureCheck('certificate', options, async (signal) => {
    const until = await validUntil(host, port, signal);
    const days = Math.floor((until - Date.now()) / 86_400_000);
    return {
      status: days < limits[1] ? 'unhealthy' : days < limits[0] ? 'degraded' : 'healthy',
      details: { daysLeft: days, validUntil: new Date(until).toISOString() },
      measurements: { daysLeft: { value: days, unit: 'days' } },
    };
  });
}

function validUntil(host: string, port: number, signal: AbortSignal): Promise<number> {
  const { connect } = process.getBuiltinModule('node:tls');
  const { isIP } = process.getBuiltinModule('node:net');
  return new Promise((resolve, reject) => {
    // An expired certificate is what this looks for, so it must not end the handshake.
    const socket = connect({ host, port, rejectUnauthorized: false, ...(isIP(host) === 0 && { servername: host }) });
    const give = (error?: unknown) => {
      socket.destroy();
      reject(error ?? signal.reason);
    };
    signal.addEventListener('abort', () => give(), { once: true });
    socket.once('error', give);
    socket.once('secureConnect', () => {
      const until = Date.parse(socket.getPeerCertificate().valid_to ?? '');
      socket.destroy();
      if (Number.isNaN(until)) reject(new Error('no certificate was shown'));
      else resolve(until);
    });
  });
}
