import fc from 'fast-check'
import { AuthError, memoryStorage, type TokenStorage } from 'latchkey'
import { describe, expect, it } from 'vitest'
import {
  createIssuer,
  createVirtualClient,
  createVirtualPage,
  HOUR,
  MINUTE,
  SECOND,
  settle,
  type User,
  type VirtualClient,
  type VirtualOptions,
  virtuallySignedIn,
} from '../session/virtual-page.ts'

/** The record that a sign-in leaves in the storage, and when that was. */
async function leaveRecord(options: VirtualOptions = {}): Promise<{ text: string; now: number }> {
  const storage = memoryStorage()
  const { auth, page } = await virtuallySignedIn({ ...options, storage })
  auth.dispose()
  return { text: String(storage.getItem('latchkey')), now: page.now() }
}

/** A storage that holds `text`, and tells what was done to it. */
function holding(text: string): TokenStorage & { writes: string[] } {
  const writes: string[] = []
  let kept: string | null = text
  return {
    scope: 'memory',
    writes,
    getItem: () => kept,
    setItem(key, value) {
      writes.push(`set ${key}`)
      kept = value
    },
    removeItem(key) {
      writes.push(`remove ${key}`)
      kept = null
    },
  }
}

const SIGNED_OUT = { status: 'unauthenticated', reason: 'never' }

describe('a record that is no session of ours', () => {
  it.each<[string, (text: string) => string]>([
    ['no JSON', () => 'hello'],
    ['empty', () => ''],
    ['cut off', (text) => text.slice(0, -10)],
    ['null', () => 'null'],
    ['a number', () => '42'],
    ['a list', (text) => `[${text}]`],
    ['an empty object', () => '{}'],
    ['wrapped in another object', (text) => `{"session":${text}}`],
    ['a bare token', () => 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.'],
    ['of an older version', (text) => text.replace('"v":1', '"v":0')],
    ['of a newer version', (text) => text.replace('"v":1', '"v":2')],
    ['of no version', (text) => text.replace('"v":1,', '')],
    ['of another backend', (text) => text.replaceAll('issuer', 'https://other.example/login')],
    ['5 MB long', (text) => text.replace('access-1', 'a'.repeat(5_000_000))],
    ['5 MB of open brackets', () => '['.repeat(5_000_000)],
  ])('T11: counts as signed out, and is left alone, when it is %s', async (_, spoil) => {
    const { text } = await leaveRecord()
    const storage = holding(spoil(text))
    const { auth, told, page } = createVirtualClient({ storage })
    expect(await auth.start()).toEqual(SIGNED_OUT)
    await page.pass(HOUR)
    expect(told).toEqual([])
    expect(storage.writes.filter((write) => write.startsWith('remove'))).toEqual([])
  })

  it.each(['v', 'b', 'id', 'g', 't', 'e', 'n', 'a'])(
    'T11: counts as signed out when its field %s has another type',
    async (field) => {
      const { text, now } = await leaveRecord()
      const record = JSON.parse(text) as Record<string, unknown>
      expect(record).toHaveProperty(field)
      for (const value of [null, true, [], {}, typeof record[field] === 'string' ? 7 : 'x', ['a'], '']) {
        const storage = holding(JSON.stringify({ ...record, [field]: value }))
        const { auth } = createVirtualClient({ storage, page: createVirtualPage(now) })
        expect(await auth.start(), `${field}: ${JSON.stringify(value)}`).toEqual(SIGNED_OUT)
        await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'login_required' })
        expect(storage.writes).toEqual([])
      }
    },
  )

  it.each(['r', 'i', 's'])('T11: counts as signed out when its optional field %s has another type', async (field) => {
    const { text, now } = await leaveRecord()
    for (const value of [null, true, [], {}, 7]) {
      const storage = holding(JSON.stringify({ ...JSON.parse(text), [field]: value }))
      const { auth } = createVirtualClient({ storage, page: createVirtualPage(now) })
      expect(await auth.start(), `${field}: ${JSON.stringify(value)}`).toEqual(SIGNED_OUT)
    }
  })

  it('T11: counts as signed out when its access token would smuggle in a header', async () => {
    const { text } = await leaveRecord()
    for (const token of ['a\r\nX-Admin: 1', 'a b', 'é', '']) {
      const storage = holding(JSON.stringify({ ...JSON.parse(text), a: token }))
      expect(await createVirtualClient({ storage }).auth.start(), token).toEqual(SIGNED_OUT)
    }
  })

  it.each([1000, 10_000, 100_000])('T11: never throws when it is nested %i deep', async (depth) => {
    const { text } = await leaveRecord()
    const deep = `${'['.repeat(depth)}${']'.repeat(depth)}`
    for (const spoilt of [text.replace('"v":1', `"v":1,"x":${deep}`), text.replace('"u":', `"u":${deep},"x":`)]) {
      const { auth, page } = createVirtualClient({ storage: holding(spoilt) })
      await auth.start()
      await auth.login()
      expect(auth.state).toMatchObject({ status: 'authenticated', user: { name: 'Ada' } })
      expect(page.reported).toEqual([])
    }
  })

  it('T11: gives way to the next sign-in', async () => {
    const storage = holding('{"hello":"world"}')
    const { auth } = createVirtualClient({ storage })
    await auth.login()
    expect(storage.getItem('latchkey')).toContain('access-1')
  })

  it('says in explain() why nobody was restored', async () => {
    const { text } = await leaveRecord()
    const { auth } = createVirtualClient({ storage: holding(text.replaceAll('issuer', 'another')) })
    await auth.start()
    expect(
      auth
        .explain()
        .map(({ why }) => why)
        .join(' '),
    ).toMatch(/backend/)
    expect(JSON.stringify(auth.explain())).not.toMatch(/access-1|refresh-1/)
  })

  it('T10: gives no object a new member by way of `__proto__`, `constructor` or `prototype`', async () => {
    const { text, now } = await leaveRecord()
    const poison =
      '"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"prototype":{"isAdmin":true}'
    const poisoned = text.replace('{"v"', `{${poison},"v"`).replace('"u":{', `"u":{${poison},`)
    expect(JSON.parse(poisoned)).toBeDefined()
    const { auth } = createVirtualClient({ storage: holding(poisoned), page: createVirtualPage(now) })
    const state = await auth.start()
    expect(({} as { isAdmin?: boolean }).isAdmin).toBe(undefined)
    const user = state.status === 'authenticated' ? state.user : undefined
    expect(user).toMatchObject({ name: 'Ada' })
    expect((user as { isAdmin?: boolean } | undefined)?.isAdmin).toBe(undefined)
    expect(Object.getPrototypeOf(user)).toBe(Object.prototype)
  })

  it('T11: never throws, whatever text is found', async () => {
    const { text, now } = await leaveRecord()
    const record = JSON.parse(text) as Record<string, unknown>
    const anything = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.json(),
      // The record with some of its fields replaced.
      fc
        .dictionary(fc.constantFrom(...Object.keys(record), 'r', 'i', 's', 'o', '__proto__'), fc.jsonValue(), {
          maxKeys: 3,
        })
        .map((change) => JSON.stringify({ ...record, ...change })),
      fc.tuple(fc.nat(text.length), fc.nat(8), fc.string({ maxLength: 4 })).map(([at, length, put]) => {
        return text.slice(0, at) + put + text.slice(at + length)
      }),
    )
    await fc.assert(
      fc.asyncProperty(anything, async (found) => {
        const { auth, page } = createVirtualClient({ storage: holding(found), page: createVirtualPage(now) })
        const state = await auth.start()
        await page.wake('focus')
        await auth.logout()
        auth.dispose()
        return state.status !== 'loading' && page.reported.length === 0
      }),
      { numRuns: 400 },
    )
  })
})

describe('a restored session whose token has expired', () => {
  const restore = async (options: VirtualOptions = {}): Promise<VirtualClient & { storage: TokenStorage }> => {
    const { text, now } = await leaveRecord()
    const storage = holding(text)
    const page = options.page ?? createVirtualPage(now + HOUR)
    return { ...createVirtualClient({ storage, page, ...options }), storage }
  }

  it('is renewed before `loading` ends', async () => {
    const { auth, issuer, states } = await restore()
    const state = await auth.start()
    expect(issuer.offered).toMatchObject([{ refreshToken: 'refresh-1' }])
    expect(state).toMatchObject({ status: 'authenticated', freshness: 'fresh', user: { name: 'Ada' } })
    expect(states).toEqual([state])
  })

  it('is shown as stale after 3 s, while the renewal goes on', async () => {
    const issuer = createIssuer()
    let release: () => void = () => undefined
    issuer.onRefresh = () => new Promise<void>((resolve) => (release = resolve))
    const { auth, page, states, told } = await restore({ issuer })
    const started = auth.start()
    await page.pass(3 * SECOND - 1)
    expect(auth.state).toEqual({ status: 'loading' })
    await page.pass(1)
    expect(await started).toMatchObject({ status: 'authenticated', freshness: 'stale', user: { name: 'Ada' } })
    release()
    await settle()
    expect(auth.state).toMatchObject({ freshness: 'fresh' })
    expect(told).toEqual(['refresh'])
    expect(states).toHaveLength(2)
    expect(issuer.refreshes).toBe(1)
  })

  it('F20: is shown as stale at once while offline, and no server is called', async () => {
    const { text, now } = await leaveRecord()
    const page = createVirtualPage(now + HOUR)
    page.goOffline()
    const { auth, issuer } = createVirtualClient({ storage: holding(text), page })
    expect(await auth.start()).toMatchObject({ status: 'authenticated', freshness: 'stale' })
    expect(issuer.refreshes).toBe(0)
    expect(page.now()).toBe(now + HOUR)
    await page.goOnline()
    expect(issuer.refreshes).toBe(1)
    expect(auth.state).toMatchObject({ freshness: 'fresh' })
  })

  it('is shown as stale when the server fails, and is kept', async () => {
    const issuer = createIssuer()
    issuer.onRefresh = () => Promise.reject(new TypeError('Failed to fetch'))
    const { auth, told, storage } = await restore({ issuer })
    expect(await auth.start()).toMatchObject({ status: 'authenticated', freshness: 'stale' })
    expect(told).toEqual(['refreshFailed'])
    expect(storage.getItem('latchkey')).toContain('refresh-1')
  })

  it('F45: ends with one `logout` when the server refuses', async () => {
    const issuer = createIssuer()
    issuer.onRefresh = () => Promise.reject(new AuthError('refresh_rejected', 'Over.', { status: 401 }))
    const { auth, told, heard, states, storage } = await restore({ issuer })
    expect(await auth.start()).toEqual({ status: 'unauthenticated', reason: 'revoked' })
    expect(told).toEqual(['logout'])
    expect(heard('logout')[0]).toMatchObject({ reason: 'revoked', error: { code: 'refresh_rejected', status: 401 } })
    expect(states).toEqual([{ status: 'unauthenticated', reason: 'revoked' }])
    expect(storage.getItem('latchkey')).toBe(null)
  })

  it('F45: ends with one `logout` when the server refuses after `loading` has ended', async () => {
    const issuer = createIssuer()
    let refuse: (error: unknown) => void = () => undefined
    issuer.onRefresh = () => new Promise((_, reject) => (refuse = reject))
    const { auth, page, told, states } = await restore({ issuer })
    const started = auth.start()
    await page.pass(3 * SECOND)
    await started
    refuse(new AuthError('refresh_rejected', 'Over.'))
    await settle()
    expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'revoked' })
    expect(told).toEqual(['logout'])
    expect(states.map(({ status }) => status)).toEqual(['authenticated', 'unauthenticated'])
  })

  it('makes a token that is asked for meanwhile wait for the same renewal', async () => {
    const { auth, issuer } = await restore()
    const [token, , state] = await Promise.all([auth.getAccessToken(), auth.getAccessToken(), auth.start()])
    expect(token).toBe('access-1')
    expect(state).toMatchObject({ freshness: 'fresh' })
    expect(issuer.refreshes).toBe(1)
  })

  it('is not renewed when its token is good for a while yet', async () => {
    const { text, now } = await leaveRecord()
    const { auth, issuer, page } = createVirtualClient({
      storage: holding(text),
      page: createVirtualPage(now + MINUTE),
    })
    expect(await auth.start()).toMatchObject({ freshness: 'fresh', expiresAt: now + 5 * MINUTE })
    expect(issuer.refreshes).toBe(0)
    expect(page.timers).toBe(1)
  })

  it('keeps the generation, the user and the expiry of the record', async () => {
    const { text, now } = await leaveRecord()
    const { auth, heard } = createVirtualClient({ storage: holding(text), page: createVirtualPage(now + MINUTE) })
    await auth.start()
    await auth.getAccessToken({ forceRefresh: true })
    expect(heard('refresh')[0]).toMatchObject({ generation: 2 })
    expect(auth.state).toMatchObject({ user: { id: 1, name: 'Ada' } })
  })

  it('counts a clock that was set back since then as no time passed at all', async () => {
    const { text, now } = await leaveRecord()
    const { auth, page } = createVirtualClient({ storage: holding(text), page: createVirtualPage(now - 2 * HOUR) })
    expect(await auth.start()).toMatchObject({ status: 'authenticated' })
    await page.pass(10 * MINUTE)
    expect(auth.state).toMatchObject({ status: 'authenticated', freshness: 'fresh' })
  })
})

describe('asking who is signed in, at restore', () => {
  it('asks the backend where the record does not know', async () => {
    const { text, now } = await leaveRecord({ issuer: createIssuer(() => ({ lifetime: 5 * MINUTE, user: undefined })) })
    const issuer = { ...createIssuer(), user: async () => ({ id: 7 }) }
    const { auth } = createVirtualClient({ storage: holding(text), issuer, page: createVirtualPage(now) })
    expect(await auth.start()).toMatchObject({ user: { id: 7 } })
  })

  it('asks nobody where the record knows', async () => {
    const { text, now } = await leaveRecord()
    let asked = 0
    const user = async () => {
      asked += 1
      return { id: 7 }
    }
    const issuer = { ...createIssuer(), user }
    const { auth } = createVirtualClient({ storage: holding(text), issuer, page: createVirtualPage(now) })
    expect(await auth.start()).toMatchObject({ user: { id: 1 } })
    expect(asked).toBe(0)
  })

  it('goes without when nobody answers, after 3 s', async () => {
    const { text, now } = await leaveRecord({ issuer: createIssuer(() => ({ lifetime: 5 * MINUTE, user: undefined })) })
    const issuer = { ...createIssuer(), user: () => new Promise<never>(() => undefined) }
    const { auth, page } = createVirtualClient({ storage: holding(text), issuer, page: createVirtualPage(now) })
    const started = auth.start()
    await page.pass(3 * SECOND)
    expect(await started).toMatchObject({ status: 'authenticated', user: undefined })
  })

  it('tells `subscribe` of the user who comes later than that', async () => {
    const { text, now } = await leaveRecord({ issuer: createIssuer(() => ({ lifetime: 5 * MINUTE, user: undefined })) })
    const storage = holding(text)
    const page = createVirtualPage(now)
    const user = () =>
      new Promise<User>((resolve) => void page.environment.timers?.set(() => resolve({ id: 7 }), 5 * SECOND))
    const issuer = { ...createIssuer(), user }
    const { auth, states, told } = createVirtualClient({ storage, issuer, page })
    const started = auth.start()
    await page.pass(3 * SECOND)
    expect(await started).toHaveProperty('user', undefined)
    await page.pass(2 * SECOND)
    expect(auth.state).toMatchObject({ user: { id: 7 } })
    expect(states).toHaveLength(2)
    expect(states[1]).toBe(auth.state)
    expect(storage.getItem('latchkey')).toContain('{"id":7}')
    expect(told).toEqual([])
  })
})
