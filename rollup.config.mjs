import { nodeResolve } from '@rollup/plugin-node-resolve'
import { defineConfig } from 'rollup'
import esbuild, { minify } from 'rollup-plugin-esbuild'

const target = 'es2022'

export default defineConfig([
  {
    input: {
      index: 'src/index.ts',
      core: 'src/core.ts',
      backends: 'src/backends/index.ts',
      oidc: 'src/oidc/index.ts',
      worker: 'src/worker/index.ts',
      testing: 'src/testing/index.ts',
      devtools: 'src/devtools/index.ts',
    },
    external: ['ky', 'jwt-decode', 'oauth4webapi', 'msw'],
    plugins: [esbuild({ target })],
    output: { dir: 'dist', chunkFileNames: 'shared-[name].js', sourcemap: true },
  },
  {
    input: 'src/index.ts',
    plugins: [nodeResolve({ browser: true }), esbuild({ target }), minify({ target })],
    output: { file: 'dist/latchkey.min.js', sourcemap: true },
  },
])
