/** Holds what each import pulls into a bundle against the list in `entries.ts`. */

import { bundle } from '../package/bundle.ts'
import { aliases } from '../support/aliases.ts'
import { type Budget, hold } from './budget.ts'
import { entries } from './entries.ts'

/** A module as the list names it. */
function nameOf(path: string): string {
  const [, name = path] = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(path) ?? []
  return name === path ? path.replace(/^src\/(.*)\.ts$/, '$1') : `npm:${name}`
}

const covers = (item: string, name: string): boolean => item === name || (item.endsWith('/') && name.startsWith(item))

const rows: Budget[] = []
const strangers: Record<string, string> = {}
const absent: Record<string, string> = {}
for (const [names, list] of Object.entries(entries)) {
  const allowed = list.split(/\s+/).filter(Boolean)
  const { modules } = await bundle(`export ${names}`)
  const pulled = [...new Set([...modules.keys()].map(nameOf))]
  const others = pulled.filter((name) => !allowed.some((item) => covers(item, name)))
  const missing = allowed.filter((item) => !pulled.some((name) => covers(item, name)))
  if (others.length) strangers[names] = others.join(' ')
  if (missing.length) absent[names] = missing.join(' ')
  rows.push({ what: `${names}: ${modules.size} modules; those not on its list`, reached: others.length, budget: 0 })
}
hold('What an import pulls into a bundle', rows, {
  'each entry of the package has a list': Object.keys(aliases).every((entry) => `* from '${entry}'` in entries),
})
for (const [names, others] of Object.entries(strangers)) console.error(`  ${names} pulls in: ${others}`)
for (const [names, missing] of Object.entries(absent)) console.log(`  ${names} no longer needs: ${missing}`)
