import { AuthError } from '../errors.js'
import { isObject, parseBody } from '../session/json.js'

/** What has to be remembered while the page is at the provider. */
export interface Pending {
  /** Who has asked: which client of which backend. */
  readonly asker: string
  /** Whether it is about signing in, or out. */
  readonly purpose: 'login' | 'logout'
  readonly returnTo?: string | undefined
  /** The PKCE code verifier (RFC 7636, section 4.1). */
  readonly verifier?: string | undefined
  readonly nonce?: string | undefined
  /** How old the authentication may be, in seconds. */
  readonly maxAge?: number | undefined
}

/** What is remembered under a `state`: nothing (any more), that it was taken before, or that another client has asked. */
export type Remembered = Pending | 'spent' | 'foreign' | undefined

const PREFIX = 'latchkey.oidc.'
const LIFETIME = 600_000
/** Who goes back in the history for hours still meets a callback that was answered to. */
const SPENT = 86_400_000

/** Remembers `pending` under `state`, in this tab alone, for ten minutes; forgets what is older. */
export function remember(state: string, pending: Pending): void {
  try {
    for (const key of Object.keys(sessionStorage)) {
      if (key.startsWith(PREFIX) && !read(key)) sessionStorage.removeItem(key)
    }
    write(state, pending)
  } catch (cause) {
    const message = 'A redirect needs sessionStorage, which cannot be used: try `mode: "popup"`.'
    throw new AuthError('storage_unavailable', message, { cause })
  }
}

/** What `asker` remembers under `state`. It is forgotten at once: a callback is answered to once only. */
export function recall(state: string, asker: string): Remembered {
  try {
    const known = read(PREFIX + state)
    if (!known) return undefined
    if (known.asker !== asker) return 'foreign'
    if (!known.purpose) return 'spent'
    write(state, { asker })
    return known
  } catch {
    return undefined
  }
}

function write(state: string, entry: Pick<Pending, 'asker'>): void {
  sessionStorage.setItem(PREFIX + state, JSON.stringify({ ...entry, at: Date.now() }))
}

function read(key: string): Pending | undefined {
  const entry = parseBody(sessionStorage.getItem(key) ?? '')
  const isYoung = isObject(entry) && Math.abs(Date.now() - Number(entry.at)) < (entry.purpose ? LIFETIME : SPENT)
  return isYoung ? (entry as unknown as Pending) : undefined
}
