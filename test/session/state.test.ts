import { type AuthState, memoryStorage } from 'latchkey'
import { describe, expect, it } from 'vitest'
import { jwt } from '../support/jwt.ts'
import {
  ADA,
  createIssuer,
  createVirtualClient,
  DAY,
  MINUTE,
  SECOND,
  settle,
  type User,
  virtuallySignedIn,
} from './virtual-page.ts'

const userOf = (state: AuthState<User>): User | undefined => (state.status === 'authenticated' ? state.user : undefined)

describe('`state`', () => {
  it('is frozen, its claims too', async () => {
    const accessToken = jwt({ sub: 'ada', roles: ['admin'], nested: { deep: [1] } })
    const { auth } = await virtuallySignedIn({ issuer: createIssuer(() => ({ accessToken, idToken: accessToken })) })
    const { state } = auth
    expect(Object.isFrozen(state)).toBe(true)
    if (state.status !== 'authenticated') throw new Error('signed out')
    for (const claims of [state.claims, state.idClaims]) {
      expect(Object.isFrozen(claims)).toBe(true)
      expect(Object.isFrozen(claims?.roles)).toBe(true)
      expect(Object.isFrozen((claims as { nested: { deep: unknown } }).nested.deep)).toBe(true)
    }
  })

  it('is the same object until something in it changed', async () => {
    const { auth, page, states } = await virtuallySignedIn()
    const { state } = auth
    await auth.getAccessToken()
    await auth.start()
    await page.wake('focus')
    await page.pass(MINUTE)
    expect(auth.state).toBe(state)
    expect(states).toEqual([])
  })

  it('is another object after a refresh that moved the expiry', async () => {
    const { auth, states } = await virtuallySignedIn()
    const { state } = auth
    await auth.getAccessToken({ forceRefresh: true })
    // No time has passed, so that nothing in it changed.
    expect(auth.state).toBe(state)
    expect(states).toEqual([])
  })

  it('is told once for each change, and already true when it is told', async () => {
    const { auth, page, states } = await virtuallySignedIn()
    const seen: boolean[] = []
    auth.subscribe((state) => seen.push(state === auth.state))
    await page.pass(MINUTE)
    await auth.getAccessToken({ forceRefresh: true })
    await auth.logout()
    expect(states.map(({ status }) => status)).toEqual(['authenticated', 'unauthenticated'])
    expect(seen).toEqual([true, true])
  })

  it('keeps the same user object while the user is deep-equal', async () => {
    const issuer = createIssuer(() => ({ lifetime: 5 * MINUTE, user: { name: 'Ada', id: 1 } }))
    const { auth, page } = await virtuallySignedIn({ issuer })
    const user = userOf(auth.state)
    await page.pass(MINUTE)
    await auth.getAccessToken({ forceRefresh: true })
    expect(issuer.refreshes).toBe(1)
    expect(userOf(auth.state)).toBe(user)
  })

  it('has another user object when the user has changed', async () => {
    let name = 'Ada'
    const { auth } = await virtuallySignedIn({ issuer: createIssuer(() => ({ user: { id: 1, name } })) })
    name = 'Ada Lovelace'
    await auth.getAccessToken({ forceRefresh: true })
    expect(userOf(auth.state)).toEqual({ id: 1, name: 'Ada Lovelace' })
  })

  it('becomes stale when the token expires while it cannot be renewed', async () => {
    const { auth, issuer, page } = await virtuallySignedIn()
    issuer.onRefresh = () => Promise.reject(new TypeError('Failed to fetch'))
    await page.pass(10 * MINUTE)
    expect(auth.state).toMatchObject({ status: 'authenticated', freshness: 'stale', user: ADA })
    issuer.onRefresh = () => undefined
    await page.pass(10 * MINUTE)
    expect(auth.state).toMatchObject({ status: 'authenticated', freshness: 'fresh' })
  })

  it('is told to each of many subscribers, until they unsubscribe', async () => {
    const { auth } = createVirtualClient()
    const heard: string[] = []
    await auth.start()
    const stopFirst = auth.subscribe(() => heard.push('first'))
    auth.subscribe(() => heard.push('second'))
    await auth.login()
    stopFirst()
    stopFirst()
    await auth.logout()
    expect(heard).toEqual(['first', 'second', 'second'])
  })

  it('counts a function that subscribed twice twice', async () => {
    const { auth } = createVirtualClient()
    let calls = 0
    const listener = (): void => {
      calls += 1
    }
    const stop = auth.subscribe(listener)
    auth.subscribe(listener)
    await auth.start()
    expect(calls).toBe(2)
    stop()
    await auth.login()
    expect(calls).toBe(3)
  })
})

describe('setUser()', () => {
  it('changes the state, tells it, and stores it', async () => {
    const storage = memoryStorage()
    const { auth, states, told, page } = await virtuallySignedIn({ storage })
    auth.setUser({ id: 1, name: 'Grace' })
    expect(auth.state).toMatchObject({ status: 'authenticated', user: { name: 'Grace' } })
    expect(states).toEqual([auth.state])
    expect(told).toEqual([])
    auth.dispose()
    const next = createVirtualClient({ storage, page })
    expect(await next.auth.start()).toMatchObject({ user: { name: 'Grace' } })
  })

  it('changes nothing when the user is deep-equal', async () => {
    const { auth, states } = await virtuallySignedIn()
    const { state } = auth
    auth.setUser({ ...ADA })
    expect(auth.state).toBe(state)
    expect(states).toEqual([])
  })

  it('does nothing while nobody is signed in', async () => {
    const { auth, states } = createVirtualClient()
    auth.setUser(ADA)
    expect(auth.state).toEqual({ status: 'loading' })
    await auth.start()
    auth.setUser(ADA)
    expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'never' })
    expect(states).toHaveLength(1)
  })

  it('is not undone by a refresh that was under way, and whose answer has no user', async () => {
    const { auth, issuer } = await virtuallySignedIn()
    let release: () => void = () => undefined
    issuer.onRefresh = () => new Promise<void>((resolve) => (release = resolve))
    const token = auth.getAccessToken({ forceRefresh: true })
    await settle()
    auth.setUser({ id: 1, name: 'Grace' })
    release()
    await token
    expect(userOf(auth.state)).toEqual({ id: 1, name: 'Grace' })
  })

  it('throws invalid_option and changes nothing, where the user is nothing that JSON can hold', async () => {
    const storage = memoryStorage()
    const { auth, issuer, states } = await virtuallySignedIn({ storage })
    const [{ state }, record] = [auth, storage.getItem('latchkey')]
    const cyclic: User & { self?: unknown } = { id: 2 }
    cyclic.self = cyclic
    for (const user of [cyclic, { id: 10n } as unknown as User]) {
      expect(() => auth.setUser(user)).toThrow(expect.objectContaining({ name: 'AuthError', code: 'invalid_option' }))
    }
    await settle()
    expect(auth.state).toBe(state)
    expect(storage.getItem('latchkey')).toBe(record)
    expect(states).toEqual([])
    await auth.getAccessToken({ forceRefresh: true })
    expect(userOf(auth.state)).toEqual(ADA)
    expect(issuer.refreshes).toBe(1)
  })

  it('keeps the generation and the expiry', async () => {
    const { auth, page, heard } = await virtuallySignedIn()
    const expiresAt = page.now() + 5 * MINUTE
    await page.pass(MINUTE)
    auth.setUser({ id: 1, name: 'Grace' })
    expect(auth.state).toMatchObject({ expiresAt })
    await auth.getAccessToken({ forceRefresh: true })
    expect(heard('refresh')[0]).toMatchObject({ generation: 2 })
  })
})

describe('setTokens()', () => {
  it('begins a new session with tokens that were got elsewhere', async () => {
    const { auth, issuer, told } = createVirtualClient()
    const state = await auth.setTokens({
      accessToken: 'mine',
      refreshToken: 'refresh-mine',
      user: ADA,
      lifetime: MINUTE,
    })
    expect(state).toMatchObject({ status: 'authenticated', user: ADA })
    expect(state).toBe(auth.state)
    expect(await auth.getAccessToken()).toBe('mine')
    expect(told).toEqual(['login'])
    expect(issuer.logins).toBe(0)
  })

  it('replaces the session before, and renews with the new one', async () => {
    const { auth, issuer, told, heard } = await virtuallySignedIn()
    await auth.setTokens({ accessToken: 'mine', refreshToken: 'refresh-mine' })
    expect(told).toEqual(['logout', 'login'])
    expect(heard('logout')[0]).toMatchObject({ reason: 'replaced' })
    await auth.getAccessToken({ forceRefresh: true })
    expect(issuer.offered).toMatchObject([{ refreshToken: 'refresh-mine' }])
  })

  it('keeps no user of the session before', async () => {
    const { auth } = await virtuallySignedIn()
    await auth.setTokens({ accessToken: 'mine' })
    expect(userOf(auth.state)).toBe(undefined)
  })

  it('renews at once where there is a refresh token alone', async () => {
    const { auth, issuer } = createVirtualClient()
    await auth.setTokens({ refreshToken: 'refresh-mine' })
    expect(issuer.offered).toMatchObject([{ refreshToken: 'refresh-mine' }])
    expect(await auth.getAccessToken()).toBe('access-1')
  })

  it.each([{}, { user: ADA }, { accessToken: '' }, { accessToken: '', refreshToken: '' }])(
    'rejects with invalid_response where there is no token: %o',
    async (tokens) => {
      const { auth, told } = createVirtualClient()
      await expect(auth.setTokens(tokens)).rejects.toMatchObject({ code: 'invalid_response' })
      expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'never' })
      expect(told).toEqual([])
    },
  )

  it.each(['a b', 'a\r\nX-Admin: 1', 'é', '\u0000', 'a\t'])(
    'F9: rejects a token that would not fit into a header, %j, and keeps the session before',
    async (accessToken) => {
      const { auth, told } = await virtuallySignedIn()
      const { state } = auth
      await expect(auth.setTokens({ accessToken })).rejects.toMatchObject({ code: 'invalid_response' })
      expect(auth.state).toBe(state)
      expect(await auth.getAccessToken()).toBe('access-1')
      expect(told).toEqual([])
    },
  )

  it.each([null, undefined, 42, 'token', []])('rejects what is no object of tokens: %j', async (tokens) => {
    const { auth } = createVirtualClient()
    await expect(auth.setTokens(tokens as never)).rejects.toBeInstanceOf(Error)
    expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'never' })
    await auth.login()
    expect(auth.state).toHaveProperty('status', 'authenticated')
  })
})

describe('the `user` of a backend', () => {
  it('is asked after a login, and wins', async () => {
    const seen: string[] = []
    const issuer = Object.assign(createIssuer(), {
      async user({ accessToken }: { accessToken: string }) {
        seen.push(accessToken)
        return { id: 7, name: 'Asked' }
      },
    })
    const { auth, heard } = createVirtualClient({ issuer })
    expect(await auth.login()).toMatchObject({ user: { id: 7 } })
    expect(heard('login')[0]).toMatchObject({ user: { id: 7 } })
    expect(seen).toEqual(['access-1'])
  })

  it('is done without when it fails, and the user of the answer stays', async () => {
    const issuer = Object.assign(createIssuer(), { user: () => Promise.reject(new Error('500')) })
    const { auth, page } = createVirtualClient({ issuer })
    expect(await auth.login()).toMatchObject({ status: 'authenticated', user: ADA })
    expect(page.reported).toEqual([])
  })

  it('is waited for no longer than a token call, though it hangs without a request', async () => {
    const issuer = Object.assign(createIssuer(), { user: () => new Promise<never>(() => undefined) })
    const { auth, page, told } = createVirtualClient({ issuer, refresh: { timeout: 4 * SECOND } })
    let isDone = false
    const login = auth.login().finally(() => (isDone = true))
    await page.pass(4 * SECOND - 1)
    expect(isDone).toBe(false)
    await page.pass(1)
    expect(isDone).toBe(true)
    expect(await login).toMatchObject({ status: 'authenticated', user: ADA })
    expect(told).toEqual(['login'])
  })

  it('is not asked at each refresh', async () => {
    let asked = 0
    const user = async (): Promise<User> => {
      asked += 1
      return ADA
    }
    const { page, issuer } = await virtuallySignedIn({ issuer: Object.assign(createIssuer(), { user }) })
    await page.pass(DAY / 24)
    expect(issuer.refreshes).toBeGreaterThan(10)
    expect(asked).toBe(1)
  })

  it('signs nobody in whose login was ended while it was asked', async () => {
    let release: (user: User) => void = () => undefined
    const issuer = Object.assign(createIssuer(), { user: () => new Promise<User>((resolve) => (release = resolve)) })
    const { auth, told } = createVirtualClient({ issuer })
    const login = auth.login()
    login.catch(() => undefined)
    await settle()
    await auth.logout()
    release(ADA)
    await expect(login).rejects.toMatchObject({ code: 'aborted' })
    await settle()
    expect(auth.state).toMatchObject({ status: 'unauthenticated' })
    expect(told).toEqual([])
  })
})

describe('explain()', () => {
  it('tells the transitions with moment, reason and generation', async () => {
    const { auth, page, issuer } = await virtuallySignedIn()
    await auth.getAccessToken({ forceRefresh: true })
    await auth.logout()
    expect(issuer.refreshes).toBe(1)
    const entries = auth.explain().slice(-3)
    expect(entries.map(({ what }) => what)).toEqual(['signed in', 'renewed', 'signed out'])
    expect(entries.map(({ generation }) => generation)).toEqual([1, 2, 2])
    for (const entry of entries) {
      expect(entry).toMatchObject({ at: page.now(), origin: 'this-tab' })
      expect(entry.why).toMatch(/^[A-Z].*\.$/)
    }
  })

  it('keeps the last 50', async () => {
    const { auth, page } = await virtuallySignedIn({ issuer: createIssuer(() => ({ lifetime: 2 * SECOND })) })
    await page.pass(3 * MINUTE)
    expect(auth.explain()).toHaveLength(50)
    expect(auth.explain().at(-1)?.generation).toBeGreaterThan(60)
  })

  it('hands out a copy that nobody can change the trace by', async () => {
    const { auth } = await virtuallySignedIn()
    const copy = auth.explain() as unknown[]
    copy.length = 0
    expect(auth.explain()).not.toHaveLength(0)
    for (const entry of auth.explain()) expect(Object.isFrozen(entry)).toBe(true)
  })
})
