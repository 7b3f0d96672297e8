import { dpop } from 'latchkey/oidc'
import type { ProviderOptions } from './provider.ts'
import { createScene, type Page, type SceneOptions, until } from './scene.ts'

const DATABASE = 'latchkey-dpop'

/** A scene whose tokens are bound to a key; each page has a `dpop()` of its own. */
export function boundScene(provider: ProviderOptions = {}, oidc: object = {}, client: SceneOptions['client'] = {}) {
  return createScene({ provider, oidc: () => ({ dpop: dpop(), ...oidc }), client })
}

/** Ada is signed in with bound tokens, in so many tabs; what was heard and sent until then is forgotten. */
export async function bound(tabs = 1, ...options: Parameters<typeof boundScene>) {
  const scene = await boundScene(...options)
  const first = await scene.signIn()
  const pages: [Page, ...Page[]] = [first, ...(await scene.join(tabs - 1))]
  for (const { events } of pages) events.length = 0
  scene.provider.requests.length = 0
  scene.sent.length = 0
  return { ...scene, pages, page: first }
}

/** The keys that this browser has. */
export async function keysInBrowser(): Promise<CryptoKeyPair[]> {
  const opening = indexedDB.open(DATABASE)
  await until(() => opening.readyState === 'done')
  const reading = opening.result.transaction('keys').objectStore('keys').getAll()
  await until(() => reading.readyState === 'done')
  opening.result.close()
  return reading.result
}

/** The person clears the site's data, or the browser evicts it. */
export async function wipeKeys(): Promise<void> {
  const wiping = indexedDB.deleteDatabase(DATABASE)
  await until(() => wiping.readyState === 'done')
}
