import {
  AuthError,
  type AuthState,
  jsonBackend,
  memoryStorage,
  type TokenSet,
  type TokenStorage,
  webStorage,
} from 'latchkey'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  ADA,
  createIssuer,
  createVirtualClient,
  createVirtualPage,
  HOUR,
  type Issuer,
  MINUTE,
  SECOND,
  settle,
  type User,
  type VirtualClient,
  type VirtualOptions,
} from '../session/virtual-page.ts'

beforeEach(() => localStorage.clear())

const MARK = 'latchkey.mark'

/** A backend whose refresh token is in an HttpOnly cookie, which it puts into its answers too, as some do. */
function cookieIssuer(answer?: Issuer['answer']): Issuer {
  return Object.assign(createIssuer(answer), { refreshVia: 'cookie' as const })
}

const cookieClient = (options: VirtualOptions = {}): VirtualClient =>
  createVirtualClient({ issuer: cookieIssuer(), ...options })

/** What a server says to somebody without a session. */
function refuse(): never {
  throw new AuthError('refresh_rejected', 'No session.', { status: 401 })
}

describe('the refresh token of cookie mode', () => {
  it('T5: is never in the storage, even if the server puts it into its answers', async () => {
    const texts: string[] = []
    const storage: TokenStorage = {
      ...webStorage('local'),
      setItem: (key, value) => {
        texts.push(value)
        localStorage.setItem(key, value)
      },
    }
    const { auth, page } = cookieClient({ storage })
    await auth.login()
    await page.pass(HOUR)
    await auth.setTokens({ accessToken: 'elsewhere', refreshToken: 'refresh-elsewhere' })
    expect(texts.length).toBeGreaterThan(12)
    expect(texts.join()).not.toMatch(/refresh-/)
    expect(localStorage.getItem('latchkey')).toContain('elsewhere')
    expect(localStorage.getItem('latchkey')).not.toContain('refresh-')
  })

  it('is not handed to the backend either: the cookie is', async () => {
    const { auth, issuer } = cookieClient()
    await auth.login()
    await auth.getAccessToken({ forceRefresh: true })
    expect(issuer.offered).toHaveLength(1)
    expect(issuer.offered[0]?.refreshToken).toBe(undefined)
  })

  it('is not handed to `user` either, wherever it came from', async () => {
    const seen: TokenSet[] = []
    const user = async (tokens: TokenSet): Promise<User> => {
      seen.push(tokens)
      return ADA
    }
    const { auth } = cookieClient({ issuer: Object.assign(cookieIssuer(), { user }) })
    await auth.login()
    await auth.setTokens({ accessToken: 'elsewhere', refreshToken: 'refresh-elsewhere' })
    expect(seen.map(({ accessToken }) => accessToken)).toEqual(['access-1', 'elsewhere'])
    expect(JSON.stringify(seen)).not.toContain('refresh-')
  })
})

describe('the mark', () => {
  it('is written at a login and removed at a logout', async () => {
    const { auth } = cookieClient()
    await auth.start()
    expect(localStorage.getItem(MARK)).toBe(null)
    await auth.login()
    expect(localStorage.getItem(MARK)).not.toBe(null)
    await auth.logout()
    expect(localStorage.getItem(MARK)).toBe(null)
  })

  it('is written at a login over a session that another tab has signed out of meanwhile', async () => {
    const [{ auth }, other] = [cookieClient(), cookieClient()]
    await auth.login()
    await other.auth.login()
    await other.auth.logout()
    expect(localStorage.getItem(MARK)).toBe(null)
    await auth.login({ name: 'Bea' })
    expect(localStorage.getItem(MARK)).not.toBe(null)
  })

  it('is not written by a renewal after another tab has signed out', async () => {
    const [{ auth }, other] = [cookieClient(), cookieClient()]
    await auth.login()
    await other.auth.login()
    await other.auth.logout()
    await auth.getAccessToken({ forceRefresh: true })
    expect(localStorage.getItem(MARK)).toBe(null)
  })

  it('holds no token', async () => {
    const { auth } = cookieClient()
    await auth.login()
    expect(localStorage.getItem(MARK)).not.toMatch(/access|refresh/)
  })

  it('is removed when the server ends the session', async () => {
    const { auth, issuer } = cookieClient()
    await auth.login()
    issuer.onRefresh = refuse
    await auth.getAccessToken({ forceRefresh: true }).catch(() => undefined)
    expect(auth.state).toMatchObject({ reason: 'revoked' })
    expect(localStorage.getItem(MARK)).toBe(null)
  })

  it('stays when a renewal fails for another reason', async () => {
    const { auth, issuer } = cookieClient()
    await auth.login()
    issuer.onRefresh = () => Promise.reject(new TypeError('Failed to fetch'))
    await auth.getAccessToken({ forceRefresh: true }).catch(() => undefined)
    expect(localStorage.getItem(MARK)).not.toBe(null)
  })

  it('stays when the client is disposed of', async () => {
    const { auth } = cookieClient()
    await auth.login()
    auth.dispose()
    expect(localStorage.getItem(MARK)).not.toBe(null)
  })

  it('has the name of the storage key', async () => {
    const { auth } = cookieClient({ storageKey: 'work' })
    await auth.login()
    expect(localStorage.getItem('work.mark')).not.toBe(null)
  })

  it('is not written in body mode', async () => {
    const { auth } = createVirtualClient()
    await auth.login()
    expect(localStorage.length).toBe(0)
  })

  it.each<[string, () => never | Promise<never>]>([
    [
      'is denied',
      () => {
        throw new DOMException('Denied.', 'SecurityError')
      },
    ],
    ['is an asynchronous one that fails', () => Promise.reject(new Error('Denied.'))],
  ])('is done without where its storage %s', async (_, denied) => {
    const marks: TokenStorage = { getItem: denied, setItem: denied, removeItem: denied }
    const { auth, told } = cookieClient({ environment: { marks } })
    expect(await auth.start()).toEqual({ status: 'unauthenticated', reason: 'never' })
    await auth.login()
    await auth.logout()
    expect(told).toEqual(['login', 'logout'])
  })
})

describe('a page load in cookie mode with a memory storage', () => {
  /** Signs in on one page, and opens the next one. */
  async function reload(options: VirtualOptions = {}): Promise<VirtualClient> {
    const first = cookieClient()
    await first.auth.login()
    first.auth.dispose()
    return cookieClient({ page: createVirtualPage(first.page.now() + MINUTE), ...options })
  }

  it('gets an access token by the cookie before `loading` ends', async () => {
    const { auth, issuer, states } = await reload({ issuer: cookieIssuer(() => ({ lifetime: 5 * MINUTE, user: ADA })) })
    expect(await auth.start()).toMatchObject({ status: 'authenticated', freshness: 'fresh', user: ADA })
    expect(issuer.refreshes).toBe(1)
    expect(states.map(({ status }) => status)).toEqual(['authenticated'])
  })

  it('asks who it is where the answer does not say', async () => {
    const issuer = Object.assign(cookieIssuer(), { user: async () => ADA })
    const { auth } = await reload({ issuer })
    expect(await auth.start()).toMatchObject({ user: ADA })
  })

  it('tells no `login`', async () => {
    const { auth, told } = await reload()
    await auth.start()
    expect(told).not.toContain('login')
  })

  it('is signed out when the cookie is refused, and the mark is removed', async () => {
    const issuer = cookieIssuer()
    issuer.onRefresh = refuse
    const { auth, told } = await reload({ issuer })
    expect(await auth.start()).toEqual({ status: 'unauthenticated', reason: 'revoked' })
    expect(told).toEqual(['logout'])
    expect(localStorage.getItem(MARK)).toBe(null)
  })

  it('is stale, not signed out, when the server fails', async () => {
    const issuer = cookieIssuer()
    issuer.onRefresh = () => Promise.reject(new TypeError('Failed to fetch'))
    const { auth } = await reload({ issuer })
    expect(await auth.start()).toMatchObject({ status: 'authenticated', freshness: 'stale', claims: undefined })
    expect(localStorage.getItem(MARK)).not.toBe(null)
  })

  it('asks who it is as soon as the server works again, and shows it', async () => {
    let asked = 0
    const user = async (): Promise<User> => {
      asked += 1
      return ADA
    }
    const issuer = Object.assign(cookieIssuer(), { user })
    issuer.onRefresh = () => Promise.reject(new AuthError('server_error', 'Down.', { status: 503 }))
    const { auth, page, states, told } = await reload({ issuer })
    expect(await auth.start()).toMatchObject({ status: 'authenticated', freshness: 'stale', user: undefined })
    expect(asked).toBe(0)
    issuer.onRefresh = () => undefined
    await page.pass(MINUTE)
    expect(auth.state).toMatchObject({ freshness: 'fresh', user: ADA })
    expect(states.at(-1)).toBe(auth.state)
    expect(told).toEqual(['refreshFailed', 'refresh'])
    expect(asked).toBe(1)
  })

  it('is stale at once while offline, and recovers at `online`', async () => {
    const { auth, issuer, page } = await reload()
    page.goOffline()
    expect(await auth.start()).toMatchObject({ status: 'authenticated', freshness: 'stale' })
    expect(issuer.refreshes).toBe(0)
    await page.goOnline()
    expect(auth.state).toMatchObject({ freshness: 'fresh' })
    expect(await auth.getAccessToken()).toBe('access-1')
  })

  it('makes requests wait for the cookie, with no token meanwhile', async () => {
    const { auth, issuer } = await reload()
    const tokens = await Promise.all([auth.getAccessToken(), auth.getAccessToken()])
    expect(tokens).toEqual(['access-1', 'access-1'])
    expect(issuer.refreshes).toBe(1)
  })

  it('needs no call where a web storage has a good access token', async () => {
    const storage = webStorage('local')
    const first = cookieClient({ storage })
    await first.auth.login()
    first.auth.dispose()
    const { auth, issuer } = cookieClient({ storage, page: createVirtualPage(first.page.now() + MINUTE) })
    expect(await auth.start()).toMatchObject({ status: 'authenticated', freshness: 'fresh' })
    expect(issuer.refreshes).toBe(0)
  })
})

describe('an anonymous visitor in cookie mode', () => {
  it('causes no call', async () => {
    const { auth, issuer, page } = cookieClient()
    expect(await auth.start()).toEqual({ status: 'unauthenticated', reason: 'never' })
    await auth.fetch('http://localhost/public', { method: 'HEAD' }).catch(() => undefined)
    await page.pass(HOUR)
    await page.wake('focus')
    expect(issuer.refreshes).toBe(0)
  })

  it('causes one call with `probe`, and is no news when it is refused', async () => {
    const issuer = cookieIssuer()
    issuer.onRefresh = refuse
    const { auth, told, states } = cookieClient({ issuer })
    expect(await auth.start({ probe: true })).toEqual({ status: 'unauthenticated', reason: 'never' })
    expect(issuer.refreshes).toBe(1)
    expect(told).toEqual([])
    expect(states).toHaveLength(1)
    expect(localStorage.getItem(MARK)).toBe(null)
  })

  it('is signed in by `probe` when the cookie is good', async () => {
    const { auth } = cookieClient()
    expect(await auth.start({ probe: true })).toMatchObject({ status: 'authenticated', freshness: 'fresh' })
    expect(localStorage.getItem(MARK)).not.toBe(null)
  })

  it('stays signed out when `probe` meets no server, and nothing is tried again', async () => {
    const issuer = cookieIssuer()
    issuer.onRefresh = () => Promise.reject(new TypeError('Failed to fetch'))
    const { auth, page, told } = cookieClient({ issuer })
    const state: AuthState<User> = await auth.start({ probe: true })
    expect(state).toEqual({ status: 'unauthenticated', reason: 'never' })
    expect(told.filter((name) => name === 'logout' || name === 'login')).toEqual([])
    await page.pass(HOUR)
    expect(issuer.refreshes).toBe(1)
  })

  it('is settled by `probe` within the deadline of an attempt, when the server hangs', async () => {
    const issuer = cookieIssuer()
    issuer.onRefresh = () => new Promise(() => undefined)
    const { auth, page } = cookieClient({ issuer })
    const started = auth.start({ probe: true })
    await page.pass(18 * SECOND)
    expect(await started).toEqual({ status: 'unauthenticated', reason: 'never' })
  })

  it('is told to have signed in, and of nothing else, who signs in while `probe` is under way', async () => {
    const issuer = cookieIssuer()
    let answer: () => void = () => undefined
    issuer.onRefresh = () =>
      new Promise((_, reject) => (answer = () => reject(new AuthError('refresh_rejected', '401'))))
    const { auth, told } = cookieClient({ issuer })
    const started = auth.start({ probe: true })
    await settle()
    const login = auth.login()
    await settle()
    answer()
    expect(await login).toMatchObject({ status: 'authenticated', user: ADA })
    await started
    await settle()
    expect(told).toEqual(['login'])
    expect(auth.state).toMatchObject({ status: 'authenticated', user: ADA })
    expect(localStorage.getItem(MARK)).not.toBe(null)
  })

  it('causes no call with `probe` in body mode', async () => {
    const { auth, issuer } = createVirtualClient()
    await auth.start({ probe: true })
    expect(issuer.refreshes).toBe(0)
  })
})

describe('a login in cookie mode', () => {
  it('R7: whose caller aborts while the person is fetched gives the cookie back', async () => {
    const issuer = Object.assign(cookieIssuer(), { user: () => new Promise<never>(() => undefined) })
    const { auth } = cookieClient({ issuer })
    const caller = new AbortController()
    const login = auth.login({}, { signal: caller.signal })
    await settle()
    expect(issuer.logins).toBe(1)
    caller.abort(new Error('The form was closed.'))
    await expect(login).rejects.toBe(caller.signal.reason)
    await settle()
    expect(issuer.logouts).toBe(1)
  })

  it('is followed by a refresh where its answer holds no token at all', async () => {
    const sent: string[] = []
    const { auth, told } = createVirtualClient({
      backend: jsonBackend<{ name?: string }, User>({
        baseUrl: 'https://api.test',
        refreshVia: 'cookie',
        login: { path: 'login', readTokens: () => ({}) },
      }),
      fetch: async (input) => {
        sent.push(String(input))
        return Response.json(String(input).endsWith('/refresh') ? { access_token: 'by-cookie', user: ADA } : {})
      },
    })
    expect(await auth.login()).toMatchObject({ status: 'authenticated', user: ADA })
    expect(sent).toEqual(['https://api.test/login', 'https://api.test/refresh'])
    expect(await auth.getAccessToken()).toBe('by-cookie')
    expect(told).toEqual(['login'])
  })
})

describe('the calls of cookie mode', () => {
  it('T7: carry cookies and the CSRF header, and outlive the page', async () => {
    const sent: { url: string; init: RequestInit | undefined }[] = []
    const { auth } = createVirtualClient({
      backend: jsonBackend({ baseUrl: 'https://api.test', refreshVia: 'cookie' }),
      storage: memoryStorage(),
      fetch: async (input, init) => {
        sent.push({ url: String(input), init })
        return Response.json({ access_token: 'token' })
      },
    })
    await auth.start({ probe: true })
    expect(sent).toHaveLength(1)
    expect(sent[0]).toMatchObject({
      url: 'https://api.test/refresh',
      init: { method: 'POST', credentials: 'include', keepalive: true },
    })
    expect(new Headers(sent[0]?.init?.headers).get('x-auth-request')).toBe('1')
  })
})
