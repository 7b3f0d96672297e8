/** Checks the single-file components of examples/vue: vue-tsc needs the compiler of TypeScript 6, which has an API. */
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
process.argv.push('-p', 'examples/vue')
require('vue-tsc').run(require.resolve('typescript-6/lib/tsc.js'))
