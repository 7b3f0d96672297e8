import { nodeResolve } from '@rollup/plugin-node-resolve'
import { defineConfig } from 'rollup'
import esbuild, { minify } from 'rollup-plugin-esbuild'

const target = 'es2022'

export default defineConfig([
  {
    input: ['src/index.ts', 'src/core.ts'],
    external: ['ky', 'jwt-decode'],
    plugins: [esbuild({ target })],
    output: { dir: 'dist', chunkFileNames: 'shared.js', sourcemap: true },
  },
  {
    input: 'src/index.ts',
    plugins: [nodeResolve({ browser: true }), esbuild({ target }), minify({ target })],
    output: { file: 'dist/latchkey.min.js', sourcemap: true },
  },
])
