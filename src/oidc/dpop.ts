import {
  allowInsecureRequests,
  DPoP as createHandle,
  customFetch,
  type DPoPHandle,
  isDPoPNonceError,
  modifyAssertion,
  protectedResourceRequest,
} from 'oauth4webapi'
import { AuthError } from '../errors.js'
import { transact } from '../transact.js'
import { requireCrypto } from './page.js'

/** What {@link dpop} makes, for the `dpop` option of `oidcBackend`. */
export interface DPoP {
  /** Runs a call with the key of `owner`, once more if the server asks for a nonce; makes a key only if that `isNew`. */
  run<T>(owner: string, isNew: boolean, call: (key: DPoPHandle) => Promise<T>): Promise<T>
  /** `request` with the token, and a proof that this browser has its key. */
  prove(owner: string, request: Request, accessToken: string): Promise<Request>
  /** Notes the nonce of an answer from `url`. */
  note(answer: Response, url: string): void
  /** Whether a 401 asks for a proof with another nonce. */
  asks(answer: Response): boolean
  /** Destroys the key of `owner`. */
  forget(owner: string): Promise<void>
}

const KEYS = ['latchkey-dpop', 'keys'] as const
const ES256 = { name: 'ECDSA', namedCurve: 'P-256' } as const

/**
 * Binds tokens to a key that never leaves this browser: whoever steals a token cannot use it elsewhere. The key is made at
 * the sign-in, non-extractable, kept in IndexedDB for all tabs, and destroyed by `logout()`. If the browser loses it, the
 * session ends (`revoked`, code `key_lost`).
 *
 * Requests that carry a proof follow no redirect. The API has to expose `DPoP-Nonce` and `WWW-Authenticate` to your origin
 * if it asks for nonces.
 *
 * @see [RFC 9449](https://www.rfc-editor.org/rfc/rfc9449.html)
 */
export function dpop(): DPoP {
  /** The last nonce of each origin. */
  const nonces = new Map<string, string>()
  let last: { readonly id: string; readonly key: DPoPHandle } | undefined

  const find = async (owner: string, isNew: boolean): Promise<DPoPHandle> => {
    requireCrypto()
    const spare = isNew && (await crypto.subtle.generateKey(ES256, false, ['sign', 'verify']))
    let pair: CryptoKeyPair | false | undefined
    try {
      await transact(...KEYS, isNew ? 'readwrite' : 'readonly', (keys) => {
        const reading = keys.get(owner)
        reading.onsuccess = () => {
          pair = reading.result ?? spare
          if (spare && pair === spare) keys.put(spare, owner)
        }
      })
    } catch (cause) {
      throw new AuthError('storage_unavailable', 'The key is in IndexedDB, which cannot be used.', {
        cause,
      })
    }
    if (!pair) throw new AuthError('key_lost', 'The key that the tokens are bound to is gone.')
    return createHandle({}, pair, {
      [modifyAssertion](_, payload) {
        const nonce = nonces.get(new URL(String(payload.htu)).origin)
        if (nonce) payload.nonce = nonce
      },
    })
  }

  return {
    async run(owner, isNew, call) {
      const key = await find(owner, isNew)
      try {
        return await call(key)
      } catch (error) {
        if (!isDPoPNonceError(error)) throw error
        return call(key)
      }
    },
    async prove(owner, request, accessToken) {
      // Looked up once for each token: another session has another key.
      const id = `${owner} ${accessToken}`
      if (last?.id !== id) last = { id, key: await find(owner, false) }
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
    note({ headers }, url) {
      const nonce = headers.get('dpop-nonce')
      if (nonce && URL.canParse(url)) nonces.set(new URL(url).origin, nonce)
    },
    asks({ status, headers }) {
      const challenge = headers.get('www-authenticate')
      return status === 401 && headers.has('dpop-nonce') && (!challenge || /\buse_dpop_nonce\b/.test(challenge))
    },
    async forget(owner) {
      last = undefined
      await transact(...KEYS, 'readwrite', (keys) => void keys.delete(owner)).catch(() => undefined)
    },
  }
}
