import {
  allowInsecureRequests,
  DPoP as createHandle,
  customFetch,
  type DPoPHandle,
  generateRandomState,
  isDPoPNonceError,
  modifyAssertion,
  protectedResourceRequest,
} from 'oauth4webapi'
import { browserEnvironment } from '../browser.js'
import { within } from '../environment.js'
import { AuthError } from '../errors.js'
import { transact } from '../transact.js'
import { requireCrypto } from './page.js'

/** What {@link dpop} makes, for the `dpop` option of `oidcBackend`. */
export interface DPoP {
  /** Makes a key, and names it. */
  create(): Promise<string>
  /** Runs a call with a key, once more if the server asks for a nonce. */
  run<T>(keyId: string | undefined, call: (key: DPoPHandle) => Promise<T>): Promise<T>
  /** `request` with the token, and a proof that this browser has its key. */
  prove(keyId: string | undefined, request: Request, accessToken: string): Promise<Request>
  /** Notes the nonce of an answer; one that was made by hand, and knows no address, counts as that to the last proof. */
  note(answer: Response, url?: string): void
  /** Whether a 401 asks for a proof with another nonce. */
  asks(answer: Response): boolean
  /** Destroys a key. */
  forget(keyId: string | undefined): Promise<void>
}

/** So many sessions with keys a browser may have at once; beyond them keys that are over a year old are litter. */
const MOST = 100
const YEAR = 31_536_000_000
/** Some engines have days on which IndexedDB never answers. */
const PATIENCE = 3000
const ES256 = { name: 'ECDSA', namedCurve: 'P-256' } as const

/**
 * Binds tokens to a key that never leaves this browser: whoever steals a token cannot use it elsewhere. Each sign-in makes
 * one, non-extractable, kept in IndexedDB for all tabs, and destroyed by `logout()`. If the browser loses it, the session
 * ends (`revoked`, code `key_lost`).
 *
 * Requests that carry a proof follow no redirect. The provider has to know DPoP; API and token endpoint have to allow the
 * request header `DPoP` to your origin (CORS), and to expose `DPoP-Nonce` and `WWW-Authenticate` if they ask for nonces.
 * Sessions from before it was switched on count as signed out.
 *
 * @see [RFC 9449](https://www.rfc-editor.org/rfc/rfc9449.html)
 */
export function dpop(): DPoP {
  /** The last nonce of each origin. */
  const nonces = new Map<string, string>()
  let lastUrl = ''
  let last: { readonly token: string; readonly key: DPoPHandle } | undefined

  const work = async (mode: IDBTransactionMode, step: (keys: IDBObjectStore) => void): Promise<void> => {
    try {
      await within(browserEnvironment, PATIENCE, transact('latchkey-dpop', 'keys', mode, step), undefined)
    } catch (cause) {
      throw new AuthError('storage_unavailable', 'The key is in IndexedDB, which cannot be used.', { cause })
    }
  }

  const find = async (keyId = ''): Promise<DPoPHandle> => {
    let pair: CryptoKeyPair | undefined
    await work('readonly', (keys) => {
      const reading = keys.get(keyId)
      reading.onsuccess = () => {
        pair = reading.result
      }
    })
    if (!pair) throw new AuthError('key_lost', 'The key that the tokens are bound to is gone.')
    return createHandle({}, pair, {
      [modifyAssertion](_, payload) {
        const nonce = nonces.get(new URL(String(payload.htu)).origin)
        if (nonce) payload.nonce = nonce
      },
    })
  }

  return {
    async create() {
      requireCrypto()
      // In the order of time: whose session ended without a sign-out is found at the front.
      const keyId = `${Date.now()} ${generateRandomState()}`
      const pair = await crypto.subtle.generateKey(ES256, false, ['sign', 'verify'])
      await work('readwrite', (keys) => {
        const reading = keys.getAllKeys()
        reading.onsuccess = () => {
          const since = Date.now() - YEAR
          for (const old of reading.result.slice(0, -MOST))
            if (Number.parseInt(String(old), 10) < since) keys.delete(old)
        }
        keys.put(pair, keyId)
      })
      return keyId
    },
    async run(keyId, call) {
      const key = await find(keyId)
      try {
        return await call(key)
      } catch (error) {
        if (!isDPoPNonceError(error)) throw error
        return call(key)
      }
    },
    async prove(keyId, request, accessToken) {
      lastUrl = request.url
      // Looked up once for each token.
      if (last?.token !== accessToken) last = { token: accessToken, key: await find(keyId) }
      const headers = new Headers([...request.headers])
      await protectedResourceRequest(accessToken, request.method, new URL(request.url), undefined, null, {
        DPoP: last.key,
        [allowInsecureRequests]: true,
        [customFetch]: async (_, proven) => {
          for (const [name, value] of Object.entries(proven.headers)) headers.set(name, value)
          return new Response()
        },
      })
      return new Request(request, { headers, redirect: 'error' })
    },
    note(answer, url = answer.url || lastUrl) {
      const nonce = answer.headers.get('dpop-nonce')
      if (nonce && URL.canParse(url)) nonces.set(new URL(url).origin, nonce)
    },
    asks({ status, headers }) {
      const challenge = headers.get('www-authenticate')
      return status === 401 && headers.has('dpop-nonce') && (!challenge || /\buse_dpop_nonce\b/.test(challenge))
    },
    async forget(keyId = '') {
      last = undefined
      await work('readwrite', (keys) => void keys.delete(keyId)).catch(() => undefined)
    },
  }
}
