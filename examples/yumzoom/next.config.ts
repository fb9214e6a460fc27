import { join } from 'node:path';
import type { NextConfig } from 'next';

const SECURITY_HEADERS = {
  'Content-Security-Policy': "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
  'Referrer-Policy': 'strict-origin-when-cross-origin',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(self)',
};

const nextConfig: NextConfig = {
  poweredByHeader: false,
  // One copy of each in the process, however many bundles use it.
  serverExternalPackages: ['pg', '@yumops/node'],
  // Packages of the workspace are hoisted to the repository's root.
  turbopack: { root: join(import.meta.dirname, '..', '..'), debugIds: true },
  productionBrowserSourceMaps: true,
  headers: async () => [
    { source: '/:path*', headers: Object.entries(SECURITY_HEADERS).map(([key, value]) => ({ key, value })) },
  ],
};

export default nextConfig;
