import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vitest/config'

const document = join(import.meta.dirname, '../../MIGRATING.md')
const PREFIX = 'MIGRATING.md/'

/** The code block of MIGRATING.md that begins with this name as a comment. */
function blockOf(name: string): string {
  const blocks = [...readFileSync(document, 'utf8').matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = '']) => code)
  const found = blocks.filter((code) => code.startsWith(`// ${name}\n`))
  if (found.length !== 1) throw new Error(`MIGRATING.md has ${found.length} blocks that begin with \`// ${name}\`.`)
  return found[0] as string
}

/**
 * Imports the code of MIGRATING.md as it stands there: `MIGRATING.md/move.ts` is the block that begins with `// move.ts`. What
 * a block leaves to the app is handed to it: the module exports `run`, which hands back the `api` that the block makes, if any.
 */
export function quoted(): Plugin {
  return {
    name: 'quoted',
    enforce: 'pre',
    resolveId: (id) => (id.startsWith(PREFIX) ? join(import.meta.dirname, id) : undefined),
    load(id) {
      const [, name] = id.split(`/${PREFIX}`)
      if (!name) return undefined
      const code = blockOf(name)
      if (name === 'move.ts') return code
      const [imports, rest] = [/^import .*\n/gm, /^(?!import ).*\n/gm].map((lines) => code.match(lines)?.join('') ?? '')
      return `import { startAndMove } from '${PREFIX}move.ts'\n${imports}
export async function run({ auth, settings, clientId, audience, keycloak }) {
  {\n${rest}\nreturn typeof api === 'undefined' ? undefined : api\n}
}`
    },
  }
}
