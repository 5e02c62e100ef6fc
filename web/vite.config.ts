import { defineConfig } from 'vitest/config';

const server = process.env['TRACKER_URL'] ?? 'http://127.0.0.1:8000';

export default defineConfig({
  base: './', // the page may lie below a path of a proxy
  build: {
    target: 'es2022',
    rollupOptions: { input: ['index.html', 'track.html', 's.html'] },
    assetsInlineLimit: 0, // an inlined font or worker would be a data: URL, which our content security policy refuses
    chunkSizeWarningLimit: 1500, // MapLibre is one large module
  },
  server: {
    // changeOrigin stays off: the server compares Origin with Host, and both are the dev server's
    proxy: { '/api': server, '/map': server, '/ws': { target: server, ws: true } },
  },
  test: { include: ['tests/**/*.test.ts'] },
});
