import { type AuthBackend, AuthError, memoryStorage, type TokenResponse } from 'latchkey'
import { describe, expect, it } from 'vitest'
import {
  ADA,
  createIssuer,
  createVirtualClient,
  type Issuer,
  MINUTE,
  SECOND,
  settle,
  type User,
  virtuallySignedIn,
} from '../session/virtual-page.ts'

type Answer = Awaited<ReturnType<NonNullable<AuthBackend<object, User>['resume']>>>

/** A backend whose page has just come back from a redirect, with `answer`. */
function returning(answer: () => Answer | Promise<Answer>): Issuer & { resumes: number } {
  const issuer = Object.assign(createIssuer(), {
    resumes: 0,
    async resume() {
      issuer.resumes += 1
      return answer()
    },
  })
  return issuer
}

const answer: TokenResponse<User> & { returnTo: string } = {
  accessToken: 'by-redirect',
  refreshToken: 'refresh-by-redirect',
  lifetime: 5 * MINUTE,
  user: ADA,
  returnTo: '/inbox?unread#first',
}

describe('a page that comes back from a redirect login', () => {
  it('is signed in when start() resolves, which says where the app wanted to return to', async () => {
    const { auth, told } = createVirtualClient({ issuer: returning(() => answer) })
    const result = await auth.start()
    expect(result).toMatchObject({ status: 'authenticated', user: ADA, returnTo: '/inbox?unread#first' })
    expect(Object.isFrozen(result)).toBe(true)
    expect(told).toEqual(['login'])
  })

  it('asks the backend before start() returns, so that nothing else sees the address as it came', () => {
    const issuer = returning(() => answer)
    const { auth } = createVirtualClient({ issuer })
    void auth.start()
    expect(issuer.resumes).toBe(1)
  })

  it('is told where to go after a redirect that signed nobody in, such as a sign-out', async () => {
    const { auth, told } = createVirtualClient({ issuer: returning(() => ({ returnTo: '/bye' })) })
    expect(await auth.start()).toEqual({ status: 'unauthenticated', reason: 'never', returnTo: '/bye' })
    expect(told).toEqual([])
  })

  it('has no `returnTo` in the state itself', async () => {
    const { auth } = createVirtualClient({ issuer: returning(() => answer) })
    await auth.start()
    expect(auth.state).not.toHaveProperty('returnTo')
  })

  it('asks the backend once, however often start() is called', async () => {
    const issuer = returning(() => answer)
    const { auth } = createVirtualClient({ issuer })
    await Promise.all([auth.start(), auth.start()])
    await auth.start()
    expect(issuer.resumes).toBe(1)
  })

  it('stores the session', async () => {
    const storage = memoryStorage()
    const { auth } = createVirtualClient({ issuer: returning(() => answer), storage })
    await auth.start()
    expect(storage.getItem('latchkey')).toContain('refresh-by-redirect')
  })

  it('never shows a state in between', async () => {
    const { auth, states } = createVirtualClient({ issuer: returning(() => answer) })
    await auth.start()
    expect(states.map(({ status }) => status)).toEqual(['authenticated'])
  })

  it('restores as always where there was no redirect', async () => {
    const { auth, told } = createVirtualClient({ issuer: returning(() => undefined) })
    const result = await auth.start()
    expect(result).toEqual({ status: 'unauthenticated', reason: 'never' })
    expect(result).toBe(auth.state)
    expect(told).toEqual([])
  })

  it('replaces the session of somebody else that the storage held', async () => {
    const storage = memoryStorage()
    const first = await virtuallySignedIn({ storage })
    first.auth.dispose()
    const { auth, told, heard } = createVirtualClient({ issuer: returning(() => answer), storage, page: first.page })
    await auth.start()
    expect(told).toEqual(['logout', 'login'])
    expect(heard('logout')[0]).toMatchObject({ reason: 'replaced' })
    expect(await auth.getAccessToken()).toBe('by-redirect')
  })

  it('rejects start() with why the redirect login failed, and is settled all the same', async () => {
    const issuer = returning(() => {
      throw new AuthError('invalid_credentials', 'The person pressed Cancel.')
    })
    const { auth } = createVirtualClient({ issuer })
    await expect(auth.start()).rejects.toMatchObject({ code: 'invalid_credentials' })
    expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'never' })
    await auth.login()
    expect(auth.state).toHaveProperty('status', 'authenticated')
  })

  it('keeps the session that the storage held when the redirect login failed', async () => {
    const storage = memoryStorage()
    const first = await virtuallySignedIn({ storage })
    first.auth.dispose()
    const issuer = returning(() => {
      throw new AuthError('invalid_credentials', 'The person pressed Cancel.')
    })
    const { auth } = createVirtualClient({ issuer, storage, page: first.page })
    await expect(auth.start()).rejects.toHaveProperty('code', 'invalid_credentials')
    expect(auth.state).toMatchObject({ status: 'authenticated', user: ADA })
  })

  it('asks who it is where the answer does not say', async () => {
    const issuer = Object.assign(
      returning(() => ({ ...answer, user: undefined })),
      { user: async () => ({ id: 7 }) },
    )
    const { auth } = createVirtualClient({ issuer })
    expect(await auth.start()).toMatchObject({ user: { id: 7 }, returnTo: '/inbox?unread#first' })
  })

  it('makes a token that is asked for meanwhile wait for it', async () => {
    const { auth } = createVirtualClient({ issuer: returning(async () => answer) })
    expect(await auth.getAccessToken()).toBe('by-redirect')
  })

  it.each([
    ['https://evil.example/x', undefined],
    ['//evil.example', undefined],
    ['\\\\evil.example', undefined],
    ['javascript:alert(1)', undefined],
    ['http://', undefined],
    ['/path?a#b', '/path?a#b'],
    ['http://localhost:3000/path?a#b', '/path?a#b'],
    ['http://localhost:3000//evil.example', '/evil.example'],
    ['/.//evil.example', '/evil.example'],
  ])('T15: leads to this origin alone: %j comes as %j', async (returnTo, expected) => {
    const { auth } = createVirtualClient({ issuer: returning(() => ({ ...answer, returnTo })) })
    const result = await auth.start()
    expect(result.status).toBe('authenticated')
    expect(result.returnTo).toBe(expected)
  })

  it('tells no `logout` of a session that was only asked for by `probe`', async () => {
    const issuer = Object.assign(
      returning(() => answer),
      { refreshVia: 'cookie' as const },
    )
    const { auth, told } = createVirtualClient({ issuer })
    expect(await auth.start({ probe: true })).toMatchObject({ status: 'authenticated', user: ADA })
    expect(told).toEqual(['login'])
    expect(issuer.refreshes).toBe(0)
  })

  it('is settled within the deadlines of three token calls, requests too, though the backend hangs', async () => {
    const issuer = returning(() => new Promise(() => undefined))
    const { auth, page } = createVirtualClient({
      issuer,
      attachTo: ['http://localhost'],
      refresh: { timeout: 4 * SECOND },
      fetch: async () => Response.json({}),
    })
    const calls = [auth.start(), auth.getAccessToken(), auth.fetch('http://localhost/todos')]
    const outcomes = Promise.allSettled(calls)
    await page.pass(12 * SECOND)
    expect(await outcomes).toMatchObject([
      { reason: { code: 'timeout' } },
      { reason: { code: 'login_required' } },
      { value: { status: 200 } },
    ])
    expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'never' })
    await auth.login()
    expect(auth.state).toHaveProperty('status', 'authenticated')
  })
})

describe('a login that leaves the page', () => {
  it('stays pending, and is ended by a logout', async () => {
    const issuer = Object.assign(createIssuer(), { login: () => new Promise<never>(() => undefined) })
    const { auth } = createVirtualClient({ issuer })
    const login = auth.login()
    let isSettled = false
    login.catch(() => undefined).finally(() => (isSettled = true))
    await settle()
    expect(isSettled).toBe(false)
    await auth.logout()
    await expect(login).rejects.toMatchObject({ code: 'aborted' })
  })

  it('stays pending however long it takes', async () => {
    const issuer = Object.assign(createIssuer(), { login: () => new Promise<never>(() => undefined) })
    const { auth, page } = createVirtualClient({ issuer })
    let isSettled = false
    auth
      .login()
      .catch(() => undefined)
      .finally(() => (isSettled = true))
    await page.pass(24 * 60 * MINUTE)
    expect(isSettled).toBe(false)
  })

  it('hands the options of logout() to the backend', async () => {
    const seen: unknown[] = []
    const issuer = Object.assign(createIssuer(), {
      logout: async (_: unknown, { logoutOptions }: { logoutOptions?: unknown }) => void seen.push(logoutOptions),
    })
    const { auth } = await virtuallySignedIn({ issuer })
    await auth.logout({ returnTo: '/goodbye' })
    expect(seen).toEqual([{ returnTo: '/goodbye' }])
  })
})
