import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin, type ResolvedConfig } from 'vite';

const compress = promisify(brotliCompress);

/** Puts a `.br` beside every script and style, so that the server compresses nothing while it serves. */
function precompressed(): Plugin {
  let config: ResolvedConfig;
  return {
    name: 'precompressed',
    apply: 'build',
    configResolved(resolved) {
      config = resolved;
    },
    async closeBundle() {
      const folder = resolve(config.root, config.build.outDir, 'assets');
      const names = (await readdir(folder)).filter((name) => /\.(js|css)$/.test(name));
      await Promise.all(
        names.map(async (name) =>
          writeFile(join(folder, `${name}.br`), await compress(await readFile(join(folder, name)))),
        ),
      );
    },
  };
}

/**
 * The built console is served by the server itself, under a content security policy without inline scripts:
 * nothing is inlined, and every asset is a file of the same origin.
 */
export default defineConfig({
  base: '/',
  plugins: [react(), precompressed()],
  build: {
    outDir: '../server/public',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'framework', test: /node_modules[\\/](react|react-dom|scheduler|@tanstack)[\\/]/ },
            // A box over the page brings a library of its own, which the first page does without.
            {
              name: 'shared',
              test: /src[\\/](api|components(?![\\/](?:modal|form)\.)|format|theme|time)[\\/]/,
              minShareCount: 3,
            },
          ],
        },
      },
    },
  },
  server: { proxy: { '/api': process.env['YUMOPS_API'] ?? 'http://127.0.0.1:4600' } },
});
