import { obey, parameter, type TokenOutcome, worldUrl } from './protocol.ts'

/**
 * The recipe that people copy: a Web Lock, the record read again under it, a refresh only if nobody else has refreshed.
 * It loses sessions without any fault: a Web Lock orders callers, but does not make localStorage coherent between tabs.
 */
interface Tokens {
  access_token: string
  refresh_token: string
  expiresAt: number
}

const key = parameter('key') ?? ''

async function call(path: string, body: object): Promise<Tokens | undefined> {
  const response = await fetch(`${worldUrl}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) return undefined
  const tokens = await response.json()
  return { ...tokens, expiresAt: Date.now() + tokens.expires_in * 1000 }
}

const read = (): Tokens | undefined => JSON.parse(localStorage.getItem(key) ?? 'null') ?? undefined
const write = (tokens: Tokens): void => localStorage.setItem(key, JSON.stringify(tokens))
const isGood = (tokens: Tokens | undefined, need: number): boolean => (tokens?.expiresAt ?? 0) - Date.now() >= need

obey({
  isSignedIn: () => !!read(),
  async login(username: string) {
    const tokens = await call('login', { username })
    if (tokens) write(tokens)
  },
  async token({ minValidity }: { minValidity: number }): Promise<TokenOutcome> {
    const tokens = read()
    if (tokens && isGood(tokens, minValidity)) return { token: tokens.access_token }
    return navigator.locks.request(key, async (): Promise<TokenOutcome> => {
      const now = read()
      if (!now) return { code: 'login_required' }
      if (isGood(now, minValidity)) return { token: now.access_token }
      const next = await call('refresh', { refresh_token: now.refresh_token })
      if (!next) return { code: 'refresh_rejected' }
      write(next)
      return { token: next.access_token }
    })
  },
})
Object.assign(window, { isReady: true })
