import { jsonBackend } from 'latchkey'
import { describe, expect, it } from 'vitest'
import { FORM, type LoginForm, type SetupOptions, setUp, signedIn } from '../support/client.ts'
import { pass, settle, stopTime, watch } from '../support/clock.ts'

const API = 'https://api.test/todos'
const ON_DEMAND: SetupOptions = { refresh: { when: 'on-demand' } }

/** The refresh tokens that the server was told to revoke. */
const revoked = (requests: readonly { endpoint: string; text: string }[]): string[] =>
  requests.filter(({ endpoint }) => endpoint === 'logout').map(({ text }) => JSON.parse(text).refresh_token as string)

describe('R8: logout during a refresh', () => {
  it('F37, T14: drops the late answer: nobody is signed in again', async () => {
    stopTime()
    const items = new Map<string, string>()
    const storage = {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => items.set(key, value),
      removeItem: (key: string) => items.delete(key),
    }
    const { client, server, events } = await signedIn({ ...ON_DEMAND, storage })
    server.slowDown('refresh', 5000)
    const call = watch(client.getAccessToken({ forceRefresh: true }))
    await settle()

    await client.logout()
    await pass(5000)

    expect(client.state).toEqual({ status: 'unauthenticated', reason: 'logout' })
    expect(events.map(({ name }) => name)).toEqual(['logout'])
    expect(call.error).toMatchObject({ code: 'login_required' })
    expect(items.size).toBe(0)
  })

  it('F37, T14: revokes the tokens that came too late', async () => {
    stopTime()
    const { client, server } = await signedIn(ON_DEMAND)
    const before = server.current.refreshToken
    server.slowDown('refresh', 5000)
    watch(client.getAccessToken({ forceRefresh: true }))
    await settle()

    await client.logout()
    await pass(5000)

    expect(revoked(server.requests)).toEqual([before, server.current.refreshToken])
  })

  it('tells nothing of a refusal that comes late', async () => {
    stopTime()
    const { client, server, events } = await signedIn(ON_DEMAND)
    server.slowDown('refresh', 5000)
    server.failNext('refresh', new Response(null, { status: 401 }))
    watch(client.getAccessToken({ forceRefresh: true }))
    await settle()

    await client.logout()
    await client.login(FORM)
    await pass(5000)

    expect(events.map(({ name }) => name)).toEqual(['logout', 'login'])
    expect(client.state.status).toBe('authenticated')
  })

  it('tells nothing of a failure that comes late, and lets the next session try at once', async () => {
    stopTime()
    const { client, server, heard } = await signedIn(ON_DEMAND)
    server.slowDown('refresh', 5000)
    server.failNext('refresh', new Response(null, { status: 503, headers: { 'Retry-After': '300' } }))
    watch(client.getAccessToken({ forceRefresh: true }))
    await settle()
    await client.logout()
    await client.login(FORM)
    await pass(5000)
    server.slowDown('refresh', 0)

    const token = await client.getAccessToken({ forceRefresh: true })

    expect(token).toBe(server.current.accessToken)
    expect(heard('refreshFailed')).toEqual([])
  })
})

describe('R8: login during a refresh', () => {
  it('F38: keeps the new session, and drops and revokes the tokens of the old one', async () => {
    stopTime()
    const { client, server, heard } = await signedIn(ON_DEMAND)
    server.slowDown('refresh', 5000)
    const call = watch(client.getAccessToken({ forceRefresh: true }))
    await settle()
    const stale = server.current.refreshToken

    await client.login({ ...FORM, username: 'bea' })
    const token = await client.getAccessToken()
    await pass(5000)

    expect(await client.getAccessToken()).toBe(token)
    expect(client.state).toMatchObject({ claims: { sub: 'bea' } })
    expect(call.error).toMatchObject({ code: 'login_required' })
    expect(heard('refresh')).toEqual([])
    expect(revoked(server.requests)).toContain(stale)
  })

  it('F38: lets the new session be renewed while the old answer is still awaited', async () => {
    stopTime()
    const { client, server } = await signedIn(ON_DEMAND)
    server.failNext('refresh', 'hang')
    watch(client.getAccessToken({ forceRefresh: true }))
    await settle()
    await client.login({ ...FORM, username: 'bea' })

    const call = watch(client.getAccessToken({ forceRefresh: true }))
    await settle()

    expect(call.value).toBe(server.current.accessToken)
  })

  it.each(['refused', 'wanted anew'])('T13, R10: gives nobody the new token who had the old one %s', async (why) => {
    const { client, server } = await signedIn(ON_DEMAND)
    const rejected = await client.getAccessToken()
    server.failNext('refresh', 'hang')
    const asked = watch(client.getAccessToken(why === 'refused' ? { rejected } : { forceRefresh: true }))
    await settle()

    await client.setTokens({ accessToken: 'of-bea' })
    await settle()

    expect(asked.error).toMatchObject({ code: 'login_required' })
  })

  it('T7: leaves the cookie of the new session alone when the old answer comes', async () => {
    stopTime()
    const backend = jsonBackend<LoginForm>({ baseUrl: 'https://api.test', refreshVia: 'cookie' })
    const { client, server } = await signedIn({
      ...ON_DEMAND,
      server: { refreshVia: 'cookie' },
      baseUrl: 'https://api.test',
      backend,
    })
    server.slowDown('refresh', 5000)
    watch(client.getAccessToken({ forceRefresh: true }))
    await settle()

    await client.login({ ...FORM, username: 'bea' })
    await pass(5000)

    expect(server.logouts).toBe(0)
  })
})

describe('R7: a login', () => {
  it('that a logout overtakes rejects with aborted, and nobody is signed in', async () => {
    const { client, server, events } = setUp()
    await client.start()
    server.failNext('login', 'hang')
    const login = watch(client.login(FORM))
    await settle()

    await client.logout()
    await settle()

    expect(login.error).toMatchObject({ name: 'AuthError', code: 'aborted' })
    expect(client.state).toEqual({ status: 'unauthenticated', reason: 'never' })
    expect(events).toEqual([])
  })

  it.each([
    ['before the storage was read', false],
    ['when the storage has been read', true],
  ])('that a logout overtakes in the same moment rejects with aborted: %s', async (_when, isStarted) => {
    const { client } = setUp()
    if (isStarted) await client.start()

    const login = watch(client.login(FORM))
    await client.logout()
    await settle()

    expect(login.error).toMatchObject({ code: 'aborted' })
    expect(client.state.status).toBe('unauthenticated')
  })

  it('that a newer login overtakes rejects with aborted', async () => {
    const { client, server, heard } = setUp()
    server.failNext('login', 'hang')
    const older = watch(client.login(FORM))
    await settle()

    await client.login({ ...FORM, username: 'bea' })
    await settle()

    expect(older.error).toMatchObject({ code: 'aborted' })
    expect(client.state).toMatchObject({ claims: { sub: 'bea' } })
    expect(heard('login')).toHaveLength(1)
  })

  it('that setTokens overtakes rejects with aborted', async () => {
    const { client, server } = setUp()
    server.failNext('login', 'hang')
    const login = watch(client.login(FORM))
    await settle()

    await client.setTokens({ accessToken: 'a' })
    await settle()

    expect(login.error).toMatchObject({ code: 'aborted' })
    expect(await client.getAccessToken()).toBe('a')
  })

  it('whose caller aborts rejects with the signal’s reason, and changes nothing', async () => {
    const { client, server, events } = await signedIn()
    server.failNext('login', 'hang')
    const caller = new AbortController()
    const login = watch(client.login({ ...FORM, username: 'bea' }, { signal: caller.signal }))
    await settle()

    caller.abort(new Error('The form was closed.'))
    await settle()

    expect(login.error).toBe(caller.signal.reason)
    expect(client.state).toMatchObject({ claims: { sub: 'ada' } })
    expect(events).toEqual([])
  })

  it('T14: whose answer comes after a logout is revoked', async () => {
    stopTime()
    const backend = jsonBackend<LoginForm>({ baseUrl: 'https://api.test', user: 'me' })
    const { client, server } = setUp({ backend, baseUrl: 'https://api.test' })
    server.slowDown('me', 1000)
    const login = watch(client.login(FORM))
    await settle()
    expect(server.to('me')).toHaveLength(1)

    await client.logout()
    await pass(1000)

    expect(login.error).toMatchObject({ code: 'aborted' })
    expect(revoked(server.requests)).toEqual([server.current.refreshToken])
    expect(client.state.status).toBe('unauthenticated')
  })

  it('signs the next person in over the last: logout (replaced), then login', async () => {
    const { client, events } = await signedIn()

    await client.login({ ...FORM, username: 'bea' })

    expect(events).toMatchObject([{ name: 'logout', reason: 'replaced' }, { name: 'login' }])
    expect((await client.fetch(API)).status).toBe(200)
  })
})
