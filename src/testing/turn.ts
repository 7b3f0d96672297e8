import { nodeCrypto } from './node-crypto.js'

/**
 * Lets script go on that waits for no timer. A digest is made on another thread, so that no fake clock can hold it up; of
 * the usual ways, jsdom or happy-dom lack one or the other.
 */
export async function turn(): Promise<void> {
  const subtle = nodeCrypto()?.webcrypto.subtle ?? crypto.subtle
  await subtle.digest('SHA-256', new Uint8Array(1))
}
