import { AuthError, memoryStorage, type TokenResponse, type TokenStorage } from 'latchkey'
import { describe, expect, it } from 'vitest'
import { FORM, setUp, signedIn } from '../support/client.ts'
import {
  ADA,
  createIssuer,
  createVirtualClient,
  HOUR,
  type Issuer,
  MINUTE,
  SECOND,
  settle,
  type User,
  type VirtualClient,
  virtuallySignedIn,
} from './virtual-page.ts'

/** An issuer whose logins are answered when the test says so. */
function slowLogins(): Issuer & { readonly answers: ((answer: TokenResponse<User>) => void)[] } {
  const answers: ((answer: TokenResponse<User>) => void)[] = []
  return Object.assign(createIssuer(), {
    answers,
    login: () => new Promise<TokenResponse<User>>((resolve) => answers.push(resolve)),
  })
}

describe('login()', () => {
  it('signs in: the state, the storage and the events know when it resolves', async () => {
    const storage = memoryStorage()
    const { client, heard, server } = setUp({ storage })
    const state = await client.login(FORM)
    expect(state).toMatchObject({ status: 'authenticated', freshness: 'fresh', user: { name: 'Ada' } })
    expect(client.state).toBe(state)
    expect(storage.getItem('latchkey')).toContain(server.current.refreshToken)
    expect(heard('login')).toMatchObject([{ user: { name: 'Ada' }, origin: 'this-tab', generation: 1 }])
    expect(heard('login')[0]?.at).toBeTypeOf('number')
  })

  it('gives the backend an empty object where the app gave no credentials', async () => {
    const given: unknown[] = []
    const issuer = Object.assign(createIssuer(), {
      login: async (credentials: object): Promise<TokenResponse<User>> => {
        given.push(credentials)
        return { accessToken: 'a' }
      },
    })
    const { auth } = createVirtualClient({ issuer })
    await auth.login()
    expect(given).toEqual([{}])
  })

  it('resolves only when an asynchronous storage has the session', async () => {
    let release: () => void = () => undefined
    const storage: TokenStorage = {
      getItem: async () => null,
      setItem: () => new Promise<void>((resolve) => (release = resolve)),
      removeItem: async () => undefined,
    }
    const { auth } = createVirtualClient({ storage })
    let isDone = false
    const login = auth.login().then(() => (isDone = true))
    await settle()
    expect(isDone).toBe(false)
    expect(auth.state).toHaveProperty('status', 'authenticated')
    release()
    await login
  })

  it('rejects with invalid_credentials and the answer’s body, and changes nothing', async () => {
    const { client, server, events, states } = setUp()
    await client.start()
    states.length = 0
    server.failNext('login', Response.json({ errors: { password: 'too short' } }, { status: 422 }))
    await expect(client.login(FORM)).rejects.toMatchObject({
      code: 'invalid_credentials',
      status: 422,
      retryable: false,
      data: { errors: { password: 'too short' } },
    })
    expect(events).toEqual([])
    expect(states).toEqual([])
    expect(server.refreshes).toBe(0)
  })

  it('keeps the session before, when it is refused', async () => {
    const { client, events } = await signedIn()
    await expect(client.login({ ...FORM, password: 'wrong' })).rejects.toMatchObject({ code: 'invalid_credentials' })
    expect(client.state).toMatchObject({ status: 'authenticated' })
    expect(events).toEqual([])
  })

  it.each<[string, (auth: VirtualClient['auth'], user: User) => Promise<unknown>]>([
    ['login()', (auth) => auth.login()],
    ['setTokens()', (auth, user) => auth.setTokens({ accessToken: 'mine', user })],
  ])('keeps the session before, when the `user` is nothing that JSON can hold: %s', async (_, enter) => {
    const storage = memoryStorage()
    const { auth, issuer, page, told, states } = await virtuallySignedIn({ storage })
    const [{ state }, record] = [auth, storage.getItem('latchkey')]
    const user = { id: 10n } as unknown as User
    issuer.answer = () => ({ user })
    await expect(enter(auth, user)).rejects.toMatchObject({ name: 'AuthError', code: 'invalid_option' })
    expect(auth.state).toBe(state)
    expect(storage.getItem('latchkey')).toBe(record)
    expect(await auth.getAccessToken()).toBe('access-1')
    expect([told, states]).toEqual([[], []])
    issuer.answer = () => ({ lifetime: 5 * MINUTE })
    await page.pass(5 * MINUTE)
    expect(issuer.offered[0]).toMatchObject({ refreshToken: 'refresh-1' })
    expect(told).toEqual(['refresh'])
  })

  it('over a session tells `logout` (replaced), then `login`', async () => {
    const { auth, told, heard, states } = await virtuallySignedIn()
    await auth.login()
    expect(told).toEqual(['logout', 'login'])
    expect(heard('logout')[0]).toMatchObject({ reason: 'replaced', generation: 1 })
    for (const state of states) expect(state.status).toBe('authenticated')
  })

  it('F38: ends a refresh of the session before: its answer is dropped', async () => {
    const { auth, issuer, told } = await virtuallySignedIn()
    let release: () => void = () => undefined
    issuer.onRefresh = () => new Promise<void>((resolve) => (release = resolve))
    const waiting = auth.getAccessToken({ forceRefresh: true }).catch((error: unknown) => error)
    await settle()
    await auth.login()
    const token = await auth.getAccessToken()
    release()
    await settle()
    expect(await waiting).toMatchObject({ code: 'login_required' })
    expect(await auth.getAccessToken()).toBe(token)
    expect(told).toEqual(['logout', 'login'])
  })

  it('is ended by a newer login, which wins', async () => {
    const issuer = slowLogins()
    const { auth, told } = createVirtualClient({ issuer })
    const first = auth.login().catch((error: unknown) => error)
    await settle()
    const second = auth.login()
    await settle()
    issuer.answers[1]?.({ accessToken: 'second' })
    issuer.answers[0]?.({ accessToken: 'first' })
    expect(await second).toHaveProperty('status', 'authenticated')
    expect(await first).toMatchObject({ code: 'aborted' })
    expect(await auth.getAccessToken()).toBe('second')
    expect(told).toEqual(['login'])
  })

  it('T14: is ended by a logout: a late answer signs nobody in', async () => {
    const issuer = slowLogins()
    const { auth, told } = createVirtualClient({ issuer })
    const login = auth.login().catch((error: unknown) => error)
    await settle()
    await auth.logout()
    expect(await login).toMatchObject({ code: 'aborted' })
    issuer.answers[0]?.({ accessToken: 'late', refreshToken: 'refresh-late' })
    await settle()
    expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'never' })
    expect(told).toEqual([])
  })

  it('rejects with the reason of its signal, at once, and signs nobody in', async () => {
    const issuer = slowLogins()
    const { auth, told } = createVirtualClient({ issuer })
    const controller = new AbortController()
    const login = auth.login({}, { signal: controller.signal })
    await settle()
    const reason = new Error('The form was closed.')
    controller.abort(reason)
    await expect(login).rejects.toBe(reason)
    issuer.answers[0]?.({ accessToken: 'late' })
    await settle()
    expect(auth.state).toHaveProperty('status', 'unauthenticated')
    expect(told).toEqual([])
  })

  it('rejects when its signal was aborted before, and calls nobody', async () => {
    const { auth, issuer } = createVirtualClient()
    const reason = new Error('Too late.')
    await expect(auth.login({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(issuer.logins).toBe(0)
  })

  it('fetches the access token of a login in two steps', async () => {
    const issuer = Object.assign(createIssuer(), { login: async () => ({ refreshToken: 'only', user: ADA }) })
    const { auth, told } = createVirtualClient({ issuer })
    expect(await auth.login()).toMatchObject({ status: 'authenticated', user: ADA })
    expect(issuer.offered).toMatchObject([{ refreshToken: 'only' }])
    expect(await auth.getAccessToken()).toBe('access-1')
    expect(told).toEqual(['login'])
  })
})

describe('logout()', () => {
  it('signs out: state, storage and events know at once, the server is told', async () => {
    const storage = memoryStorage()
    const { client, server, heard, states } = await signedIn({ storage })
    const { refreshToken } = server.current
    const done = client.logout()
    expect(client.state).toEqual({ status: 'unauthenticated', reason: 'logout' })
    expect(storage.getItem('latchkey')).toBe(null)
    await done
    expect(server.logouts).toBe(1)
    expect(server.to('logout')[0]?.text).toContain(refreshToken)
    expect(heard('logout')).toMatchObject([{ reason: 'logout', generation: 1, origin: 'this-tab' }])
    expect(states).toHaveLength(1)
  })

  it('may be called any number of times: one event, one call', async () => {
    const { client, server, heard } = await signedIn()
    await Promise.all([client.logout(), client.logout()])
    await client.logout()
    expect(heard('logout')).toHaveLength(1)
    expect(server.logouts).toBe(1)
  })

  it('as the first call of all ends the session that the storage held', async () => {
    const storage = memoryStorage()
    const first = await virtuallySignedIn({ storage })
    first.auth.dispose()
    const { auth, issuer, heard } = createVirtualClient({ storage, page: first.page })
    await auth.logout()
    expect(storage.getItem('latchkey')).toBe(null)
    expect(issuer.logouts).toBe(1)
    expect(heard('logout')).toHaveLength(1)
    await auth.start()
    expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'logout' })
  })

  it('does nothing where nobody is signed in', async () => {
    const { client, server, events } = setUp()
    await client.start()
    await client.logout()
    expect(client.state).toEqual({ status: 'unauthenticated', reason: 'never' })
    expect(server.requests).toEqual([])
    expect(events).toEqual([])
  })

  it('waits for the server for 2 s at most', async () => {
    const issuer = Object.assign(createIssuer(), { logout: () => new Promise<never>(() => undefined) })
    const { auth, page } = await virtuallySignedIn({ issuer })
    let isDone = false
    const logout = auth.logout().then(() => (isDone = true))
    await page.pass(2 * SECOND - 1)
    expect(isDone).toBe(false)
    await page.pass(1)
    expect(isDone).toBe(true)
    await logout
  })

  it.each<[string, () => Promise<never>]>([
    ['is down', () => Promise.reject(new TypeError('Failed to fetch'))],
    ['answers an error', () => Promise.reject(new AuthError('server_error', '500'))],
    [
      'has a bug',
      () => {
        throw new RangeError('bug')
      },
    ],
  ])('never rejects when the server %s', async (_, logout) => {
    const { auth, page } = await virtuallySignedIn({ issuer: Object.assign(createIssuer(), { logout }) })
    await auth.logout()
    expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'logout' })
    expect(page.reported).toEqual([])
  })

  it('ends a session whose token has expired like any other, with no refresh first', async () => {
    const { auth, issuer, page } = await virtuallySignedIn()
    page.sleep(HOUR)
    await auth.logout()
    expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'logout' })
    expect([issuer.refreshes, issuer.logouts]).toEqual([0, 1])
  })

  it('F37, T14: drops the answer of a refresh on the wire, and takes its tokens back', async () => {
    const storage = memoryStorage()
    const offered: unknown[] = []
    const issuer = createIssuer()
    issuer.logout = async (tokens) => void offered.push(tokens)
    const { auth, told } = await virtuallySignedIn({ issuer, storage })
    let release: () => void = () => undefined
    issuer.onRefresh = () => new Promise<void>((resolve) => (release = resolve))
    const waiting = auth.getAccessToken({ forceRefresh: true }).catch((error: unknown) => error)
    await settle()
    await auth.logout()
    release()
    await settle()
    expect(await waiting).toMatchObject({ code: 'login_required' })
    expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'logout' })
    expect(storage.getItem('latchkey')).toBe(null)
    expect(told).toEqual(['logout'])
    expect(offered).toMatchObject([{ refreshToken: 'refresh-1' }, { refreshToken: 'refresh-2' }])
  })

  it('F37: makes no event of a refusal that comes late', async () => {
    const { auth, issuer, told } = await virtuallySignedIn()
    let refuse: (error: unknown) => void = () => undefined
    issuer.onRefresh = () => new Promise((_, reject) => (refuse = reject))
    auth.getAccessToken({ forceRefresh: true }).catch(() => undefined)
    await settle()
    await auth.logout()
    refuse(new AuthError('refresh_rejected', 'Over.'))
    await settle()
    expect(told).toEqual(['logout'])
  })

  it('lets somebody else sign in at once', async () => {
    const { auth, told } = await virtuallySignedIn()
    const logout = auth.logout()
    await auth.login()
    await logout
    expect(auth.state).toHaveProperty('status', 'authenticated')
    expect(told).toEqual(['logout', 'login'])
  })

  it('lets no request leave with a token that is made after it was called', async () => {
    const { client, server } = await signedIn()
    server.slowDown('logout', 20)
    const logout = client.logout()
    const response = await client.fetch('https://api.test/todos')
    await logout
    expect(response.status).toBe(401)
    expect(server.to('api').map(({ authorization }) => authorization)).toEqual([null])
  })

  it('leaves getAccessToken() with login_required', async () => {
    const { auth } = await virtuallySignedIn()
    await auth.logout()
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'login_required' })
  })
})

describe('a session without a server that ends it', () => {
  it('signs out where the backend has no `logout`', async () => {
    const { logout: _, ...issuer } = createIssuer()
    const { auth } = createVirtualClient({ backend: issuer })
    await auth.login()
    await auth.logout()
    expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'logout' })
  })

  it('F45: ends with one `logout` (revoked) for a thousand callers', async () => {
    const { auth, issuer, told, heard } = await virtuallySignedIn()
    issuer.onRefresh = () => Promise.reject(new AuthError('refresh_rejected', 'Over.', { status: 401 }))
    const calls = Array.from({ length: 1000 }, () => auth.getAccessToken({ forceRefresh: true }))
    const outcomes = await Promise.allSettled(calls)
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true)
    expect(issuer.refreshes).toBe(1)
    expect(told).toEqual(['logout'])
    expect(heard('logout')[0]).toMatchObject({ reason: 'revoked', error: { code: 'refresh_rejected' } })
  })

  it('F45: leaves nothing in the storage, and tries no more', async () => {
    const storage = memoryStorage()
    const { auth, issuer, page } = await virtuallySignedIn({ storage })
    issuer.onRefresh = () => Promise.reject(new AuthError('refresh_rejected', 'Over.', { status: 400 }))
    await page.pass(5 * MINUTE)
    expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'revoked' })
    expect(storage.getItem('latchkey')).toBe(null)
    await page.pass(HOUR)
    await page.wake('online')
    expect(issuer.refreshes).toBe(1)
    expect(page.timers).toBe(0)
  })
})
