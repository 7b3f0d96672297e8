import { type AuthBackend, jsonBackend, memoryStorage } from 'latchkey'
import { describe, expect, it } from 'vitest'
import { FORM, type LoginForm, type SetupOptions, setUp, signedIn } from '../support/client.ts'
import { pass, settle, stopTime, watch } from '../support/clock.ts'

const API = 'https://api.test/todos'
const baseUrl = 'https://api.test'
const ON_DEMAND: SetupOptions = { refresh: { when: 'on-demand' } }

describe('getAccessToken()', () => {
  it('answers the current token without a request', async () => {
    const { client, server } = await signedIn()

    expect(await client.getAccessToken()).toBe(server.current.accessToken)
    expect(server.requests).toEqual([])
  })

  it('rejects with login_required where nobody is signed in', async () => {
    const { client, server } = setUp()

    await expect(client.getAccessToken()).rejects.toMatchObject({ code: 'login_required', retryable: false })
    await expect(client.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({ code: 'login_required' })
    await expect(client.getAccessToken({ rejected: 'a' })).rejects.toMatchObject({ code: 'login_required' })

    expect(server.requests).toEqual([])
  })

  it('rejects at once when its signal was aborted before', async () => {
    stopTime()
    const { client, server } = await signedIn(ON_DEMAND)
    await pass(300_000)
    const signal = AbortSignal.abort(new Error('The user left.'))

    await expect(client.getAccessToken({ signal })).rejects.toBe(signal.reason)

    expect(server.requests).toEqual([])
  })

  it('rejects with disposed after dispose()', async () => {
    const { client } = await signedIn()
    client.dispose()

    await expect(client.getAccessToken()).rejects.toMatchObject({ code: 'disposed' })
  })

  it('F10: answers an opaque token without an end for as long as nobody refuses it', async () => {
    stopTime()
    const { client } = setUp()
    await client.setTokens({ accessToken: 'opaque', refreshToken: 'r' })

    await pass(365 * 86_400_000)

    expect(await client.getAccessToken()).toBe('opaque')
  })
})

describe('getAccessToken({ minValidity })', () => {
  it.each([
    [60_000, 240_000, 0],
    [60_000, 240_001, 1],
    [0, 299_999, 0],
    [0, 300_000, 1],
    [299_000, 100_000, 1],
  ])('of %i ms, %i ms after the login, causes %i refreshes', async (minValidity, age, refreshes) => {
    stopTime()
    const { client, server } = await signedIn(ON_DEMAND)
    await pass(age)

    const token = await client.getAccessToken({ minValidity })

    expect(token).toBe(server.current.accessToken)
    expect(server.refreshes).toBe(refreshes)
  })

  it('answers the token that lives, where none that lives longer can be had', async () => {
    stopTime()
    const { client, server } = await signedIn(ON_DEMAND)
    await pass(270_000)
    server.failNext('refresh', 'network-error')

    expect(await client.getAccessToken({ minValidity: 60_000 })).toBe(server.current.accessToken)
  })

  it('longer than tokens live asks the server no more than needed', async () => {
    stopTime()
    const { client, server } = await signedIn(ON_DEMAND)

    for (let second = 0; second < 60; second += 1) {
      await client.getAccessToken({ minValidity: 3_600_000 })
      await pass(1000)
    }

    expect(server.refreshes).toBeLessThanOrEqual(2)
  })

  it('rejects with login_required when the refresh for it is refused', async () => {
    stopTime()
    const { client, server } = await signedIn(ON_DEMAND)
    await pass(270_000)
    server.endSessions()

    await expect(client.getAccessToken({ minValidity: 60_000 })).rejects.toMatchObject({ code: 'login_required' })
  })
})

describe('getAccessToken({ forceRefresh })', () => {
  it('renews a token that still lives', async () => {
    const { client, server, heard } = await signedIn()
    const before = await client.getAccessToken()

    const token = await client.getAccessToken({ forceRefresh: true })

    expect(token).toBe(server.current.accessToken)
    expect(token).not.toBe(before)
    expect(heard('refresh')).toMatchObject([{ generation: 2, origin: 'this-tab' }])
  })

  it('rejects with login_required where there is nothing to renew with, and ends no session by that', async () => {
    const { client } = setUp()
    await client.setTokens({ accessToken: 'a' })

    await expect(client.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({ code: 'login_required' })

    expect(client.state.status).toBe('authenticated')
  })

  it('takes the same token again for a success (K4)', async () => {
    const answer = (fields: object): unknown => ({ ...fields, access_token: 'same' })
    const { client, heard } = await signedIn({ server: { answer } })

    expect(await client.getAccessToken({ forceRefresh: true })).toBe('same')
    expect(heard('refresh')).toHaveLength(1)
  })
})

describe('K4: a refresh answer', () => {
  it('F11: without a refresh token keeps the old one', async () => {
    const { client, server } = await signedIn({ server: { rotates: false } })

    await client.getAccessToken({ forceRefresh: true })
    await client.getAccessToken({ forceRefresh: true })

    const [first, second] = server.to('refresh').map(({ text }) => text)
    expect(JSON.parse(first ?? '')).toEqual({ refresh_token: server.current.refreshToken })
    expect(second).toBe(first)
  })

  it.each(['', null, 0])('F11: whose refresh token is %j keeps the old one', async (empty) => {
    const { client, server } = await signedIn({ server: { rotates: false } })
    server.failNext('refresh', () => Response.json({ access_token: 'a', refresh_token: empty }))

    await client.getAccessToken({ forceRefresh: true })
    await client.getAccessToken({ forceRefresh: true })

    expect(new Set(server.to('refresh').map(({ text }) => text)).size).toBe(1)
  })

  it('with a refresh token replaces the old one', async () => {
    const { client, server, heard } = await signedIn()

    for (let count = 0; count < 5; count += 1) await client.getAccessToken({ forceRefresh: true })

    expect(new Set(server.to('refresh').map(({ text }) => text)).size).toBe(5)
    expect(heard('logout')).toEqual([])
  })

  it('without a user or an ID token keeps the old ones', async () => {
    const { client, server } = setUp()
    server.failNext('refresh', Response.json({ access_token: 'b' }))
    await client.setTokens({
      accessToken: 'a',
      refreshToken: 'r',
      idToken: `e30.${Buffer.from('{"sub":"ada"}').toString('base64url')}.c2ln`,
      user: { name: 'Ada' },
    })

    expect(await client.getAccessToken({ forceRefresh: true })).toBe('b')
    expect(client.state).toMatchObject({ user: { name: 'Ada' }, idClaims: { sub: 'ada' } })
  })
})

describe('where the refresh credential is', () => {
  it.each(['body', 'cookie', 'access-token'] as const)('%s: renews again and again', async (refreshVia) => {
    const backend = jsonBackend<LoginForm>({ baseUrl, refreshVia })
    const { client, server, heard } = await signedIn({ server: { refreshVia }, backend, baseUrl })

    for (let count = 0; count < 3; count += 1) await client.getAccessToken({ forceRefresh: true })

    expect((await client.fetch(API)).status).toBe(200)
    expect(heard('refresh').map(({ generation }) => generation)).toEqual([2, 3, 4])
    expect(server.refreshes).toBe(3)
  })

  it('cookie: the body is empty JSON, and no storage ever sees a refresh token', async () => {
    const written: string[] = []
    const storage = { ...memoryStorage(), setItem: (_: string, value: string) => written.push(value) }
    const answer = (fields: object): unknown => ({ ...fields, refresh_token: 'leaked-by-the-server' })
    const backend = jsonBackend<LoginForm>({ baseUrl, refreshVia: 'cookie' })
    const { client, server } = await signedIn({ server: { refreshVia: 'cookie', answer }, backend, baseUrl, storage })

    await client.getAccessToken({ forceRefresh: true })

    expect(server.to('refresh').map(({ text }) => text)).toEqual(['{}'])
    expect(written.length).toBeGreaterThan(1)
    expect(written.join()).not.toContain('leaked-by-the-server')
  })

  it('access-token: the current access token is what is sent, an expired one too', async () => {
    stopTime()
    const backend = jsonBackend<LoginForm>({ baseUrl, refreshVia: 'access-token' })
    const { client, server } = await signedIn({
      ...ON_DEMAND,
      server: { refreshVia: 'access-token' },
      backend,
      baseUrl,
    })
    const token = await client.getAccessToken()
    await pass(300_000)

    expect((await client.fetch(API)).status).toBe(200)

    expect(server.to('refresh').map(({ text }) => JSON.parse(text))).toEqual([{ token }])
  })

  it('nowhere: nothing is renewed, and the session ends when the token does', async () => {
    stopTime()
    const backend = jsonBackend<LoginForm>({ baseUrl, refresh: false })
    const { client, server, events } = await signedIn({ backend, baseUrl })

    await pass(300_000)

    expect(server.refreshes).toBe(0)
    expect(events).toMatchObject([{ name: 'expiring' }, { name: 'logout', reason: 'expired' }])
    expect(client.state).toEqual({ status: 'unauthenticated', reason: 'expired' })
  })
})

describe('a login in two steps', () => {
  const backend = (more: Partial<AuthBackend<LoginForm>> = {}): AuthBackend<LoginForm> => ({
    id: 'two-steps',
    origin: baseUrl,
    refreshVia: 'body',
    login: async () => ({ refreshToken: 'r1', idToken: 'of-the-login', user: { name: 'Ada' } }),
    refresh: async ({ refreshToken }) => ({ accessToken: `access-for-${refreshToken}`, lifetime: 60_000 }),
    ...more,
  })

  it('follows a refresh token alone with a refresh', async () => {
    const { client, heard } = setUp({ backend: backend() })

    const state = await client.login(FORM)

    expect(state).toMatchObject({ status: 'authenticated', user: { name: 'Ada' } })
    expect(await client.getAccessToken()).toBe('access-for-r1')
    expect(heard('login')).toHaveLength(1)
    expect(heard('refresh')).toEqual([])
  })

  it('keeps the first refresh token where the refresh gives none, and takes its new one where it does', async () => {
    const sent: unknown[] = []
    const refresh: AuthBackend<LoginForm>['refresh'] = async ({ refreshToken }) => {
      sent.push(refreshToken)
      return sent.length === 2 ? { accessToken: 'a', refreshToken: 'r2' } : { accessToken: 'a' }
    }
    const { client } = setUp({ backend: backend({ refresh }) })
    await client.login(FORM)

    await client.getAccessToken({ forceRefresh: true })
    await client.getAccessToken({ forceRefresh: true })

    expect(sent).toEqual(['r1', 'r1', 'r2'])
  })

  it('rejects when its second step fails, and nobody is signed in', async () => {
    const refresh = async (): Promise<never> => {
      throw new Error('down')
    }
    const { client, events } = setUp({ backend: backend({ refresh }) })

    await expect(client.login(FORM)).rejects.toMatchObject({ code: 'network' })

    expect(client.state).toEqual({ status: 'unauthenticated', reason: 'never' })
    expect(events).toEqual([])
  })

  it('rejects with invalid_response where the backend has no second step', async () => {
    const { refresh: _, ...rest } = backend()
    const { client } = setUp({ backend: rest })

    await expect(client.login(FORM)).rejects.toMatchObject({ code: 'invalid_response' })
  })

  it('rejects with invalid_response where the second step gives no access token', async () => {
    const { client } = setUp({ backend: backend({ refresh: async () => ({ refreshToken: 'r2' }) }) })

    await expect(client.login(FORM)).rejects.toMatchObject({ code: 'invalid_response' })
  })

  it('works through jsonBackend, and for setTokens', async () => {
    const { client, server } = setUp()
    const { refresh_token: refreshToken } = server.issueTokens()

    await client.setTokens({ refreshToken })

    expect(await client.getAccessToken()).toBe(server.current.accessToken)
    expect(server.refreshes).toBe(1)
  })
})

describe('R9: a record that cannot be written after a rotation', () => {
  it('F22: leaves the new tokens in use', async () => {
    const storage = memoryStorage()
    let isFull = false
    const full = {
      ...storage,
      setItem(key: string, value: string): unknown {
        if (isFull) throw new DOMException('Full.', 'QuotaExceededError')
        return storage.setItem(key, value)
      },
    }
    const { client, server, heard } = await signedIn({ storage: full })
    isFull = true

    await client.getAccessToken({ forceRefresh: true })
    const token = await client.getAccessToken({ forceRefresh: true })

    expect(token).toBe(server.current.accessToken)
    expect((await client.fetch(API)).status).toBe(200)
    expect(heard('refresh')).toHaveLength(2)
    expect(heard('storageDegraded')).toMatchObject([{ error: { code: 'storage_unavailable' } }])
    expect(heard('logout')).toEqual([])
  })

  it('F22: is written when the storage takes it again', async () => {
    stopTime()
    const storage = memoryStorage()
    let isFull = false
    const full = {
      ...storage,
      async setItem(key: string, value: string): Promise<void> {
        if (isFull) throw new DOMException('Full.', 'QuotaExceededError')
        storage.setItem(key, value)
      },
    }
    const { client, server } = await signedIn({ storage: full })
    isFull = true
    await client.getAccessToken({ forceRefresh: true })
    await settle()
    expect(await storage.getItem('latchkey')).not.toContain(server.current.accessToken)

    isFull = false
    await pass(60_000)

    expect(await storage.getItem('latchkey')).toContain(server.current.accessToken)
    expect(server.refreshes).toBe(1)
  })

  it('F24: holds no caller up when the storage does not answer', async () => {
    stopTime()
    const storage = memoryStorage()
    let isSilent = false
    const silent = {
      ...storage,
      setItem: (key: string, value: string): unknown =>
        isSilent ? new Promise(() => undefined) : storage.setItem(key, value),
    }
    const { client, server } = await signedIn({ ...ON_DEMAND, storage: silent })
    isSilent = true

    const call = watch(client.getAccessToken({ forceRefresh: true }))
    await settle()

    expect(call.value).toBe(server.current.accessToken)
  })
})
