import 'fake-indexeddb/auto'
import { describe, inject, it } from 'vitest'
import { contract } from './contract.ts'
import { type Server, servers } from './servers.ts'

const baseUrls = inject('baseUrls')

for (const server of servers as readonly Server[]) {
  const baseUrl = baseUrls[server.name]
  if (!baseUrl) continue
  // The servers at the same time, the lines for each in a row.
  describe.concurrent(server.name, () => {
    for (const { name, promise, prove } of contract)
      it(`${name}: ${promise(server)}`, { concurrent: false }, ({ expect, onTestFinished }) =>
        prove({ server, baseUrl, atEnd: onTestFinished, expect }),
      )
  })
}
