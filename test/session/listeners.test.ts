import { AuthClient, AuthError, type AuthEvents, memoryStorage } from 'latchkey'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  createIssuer,
  createVirtualClient,
  MINUTE,
  SECOND,
  settle,
  type User,
  virtuallySignedIn,
} from './virtual-page.ts'

afterEach(() => vi.unstubAllGlobals())

describe('a listener that fails', () => {
  it('F40: stops neither the other listeners nor the login, when it throws', async () => {
    const { auth, page, told } = createVirtualClient()
    const error = new Error('in a listener')
    const heard: string[] = []
    auth.on('login', () => {
      throw error
    })
    auth.on('login', () => void heard.push('second'))
    auth.subscribe(() => {
      throw error
    })
    expect(await auth.login()).toHaveProperty('status', 'authenticated')
    await settle()
    expect(heard).toEqual(['second'])
    expect(told).toEqual(['login'])
    expect(page.reported.every((each) => each === error)).toBe(true)
    expect(page.reported.length).toBeGreaterThanOrEqual(2)
  })

  it('F40: goes to reportError when it rejects', async () => {
    const { auth, page } = createVirtualClient()
    const error = new Error('in an asynchronous listener')
    auth.on('login', async () => {
      await Promise.resolve()
      throw error
    })
    await auth.login()
    await settle()
    expect(page.reported).toEqual([error])
  })

  it.each(['refresh', 'logout', 'refreshFailed', 'expiring', 'storageDegraded'] as const)(
    'F40: changes nothing of what follows, when it listens to %s',
    async (name) => {
      const storage = {
        ...memoryStorage(),
        setItem: () => {
          throw new Error('full')
        },
      }
      const answers = [{}, {}, { refreshToken: undefined }]
      const issuer = createIssuer(() => ({ lifetime: 100 * SECOND, ...answers.shift() }))
      const { auth, page, told } = createVirtualClient({ issuer, storage })
      auth.on(name, () => {
        throw new Error('in a listener')
      })
      await auth.login()
      issuer.onRefresh = () => Promise.reject(new TypeError('Failed to fetch'))
      await page.pass(99 * SECOND)
      issuer.onRefresh = () => undefined
      await page.pass(10 * MINUTE)
      expect(await auth.getAccessToken()).toMatch(/^access-/)
      await auth.setTokens({ accessToken: 'last', lifetime: 100 * SECOND })
      await page.pass(100 * SECOND)
      expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'expired' })
      await settle()
      expect(told).toContain(name)
      expect(page.reported).toHaveLength(told.filter((each) => each === name).length)
    },
  )

  it("F40: goes to the page's own reportError, and to the console where there is none", async () => {
    const error = new Error('in a listener')
    const fail = (): never => {
      throw error
    }
    const report = vi.fn<(error: unknown) => void>()
    vi.stubGlobal('reportError', report)
    const first = new AuthClient({ backend: createIssuer() })
    first.on('login', fail)
    await first.login({})
    await settle()
    expect(report.mock.calls).toEqual([[error]])

    vi.stubGlobal('reportError', undefined)
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const second = new AuthClient({ backend: createIssuer() })
    second.on('login', fail)
    await second.login({})
    await settle()
    expect(log.mock.calls).toEqual([[error]])
    log.mockRestore()
    first.dispose()
    second.dispose()
  })
})

describe('a listener that calls the client', () => {
  it('F41: gets the new token, in a handler of `refresh`', async () => {
    const { auth, issuer } = await virtuallySignedIn()
    const tokens: string[] = []
    auth.on('refresh', async () => void tokens.push(await auth.getAccessToken()))
    expect(await auth.getAccessToken({ forceRefresh: true })).toBe('access-2')
    await settle()
    expect(tokens).toEqual(['access-2'])
    expect(issuer.refreshes).toBe(1)
  })

  it('F41: waits for no refresh that waits for it', async () => {
    const { auth, issuer, page } = await virtuallySignedIn()
    const tokens: string[] = []
    auth.on('refresh', async () => {
      tokens.push(await auth.getAccessToken({ minValidity: MINUTE }))
      if (tokens.length < 3) tokens.push(await auth.getAccessToken({ forceRefresh: true }))
    })
    await auth.getAccessToken({ forceRefresh: true })
    await page.pass(10 * SECOND)
    expect(tokens.slice(0, 2)).toEqual(['access-2', 'access-3'])
    expect(issuer.refreshes).toBeLessThanOrEqual(4)
  })

  it('F41: may sign out in a handler of `refresh`', async () => {
    const { auth, told } = await virtuallySignedIn()
    auth.on('refresh', () => auth.logout())
    await auth.getAccessToken({ forceRefresh: true }).catch(() => undefined)
    await settle()
    expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'logout' })
    expect(told).toEqual(['refresh', 'logout'])
  })

  it('F41: may sign out in a handler of `logout` and of `login`', async () => {
    const { auth, told } = createVirtualClient()
    auth.on('login', () => auth.logout())
    auth.on('logout', () => auth.logout())
    await auth.login()
    await settle()
    expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'logout' })
    expect(told).toEqual(['login', 'logout'])
  })

  it('F41: may sign in again in a handler of `logout`', async () => {
    const { auth, told } = await virtuallySignedIn()
    let isFirst = true
    auth.on('logout', async () => {
      if (isFirst) await auth.login()
      isFirst = false
    })
    await auth.logout()
    await settle()
    expect(auth.state).toHaveProperty('status', 'authenticated')
    expect(told).toEqual(['logout', 'login'])
  })

  it('F41: may call dispose() in any handler, after which nobody hears anything', async () => {
    const { auth, told } = await virtuallySignedIn()
    const heard: string[] = []
    auth.on('refresh', () => auth.dispose())
    auth.on('refresh', () => void heard.push('later listener'))
    await auth.getAccessToken({ forceRefresh: true }).catch(() => undefined)
    await settle()
    expect(told).toEqual(['refresh'])
    expect(heard).toEqual([])
  })

  it('hears what it causes after all have heard what came before', async () => {
    const { auth, told } = createVirtualClient()
    const order: string[] = []
    auth.on('login', () => {
      order.push('first: login')
      void auth.logout()
    })
    auth.on('logout', () => void order.push('first: logout'))
    auth.on('login', () => void order.push('second: login'))
    await auth.login()
    await settle()
    expect(order).toEqual(['first: login', 'second: login', 'first: logout'])
    expect(told).toEqual(['login', 'logout'])
  })

  it('finds the state and the storage as the event says', async () => {
    const storage = memoryStorage()
    const { auth } = createVirtualClient({ storage })
    const seen: unknown[] = []
    const note = (): void => void seen.push([auth.state.status, storage.getItem('latchkey') !== null])
    auth.on('login', note)
    auth.on('refresh', note)
    auth.on('logout', note)
    await auth.login()
    await auth.getAccessToken({ forceRefresh: true })
    await auth.logout()
    expect(seen).toEqual([
      ['authenticated', true],
      ['authenticated', true],
      ['unauthenticated', false],
    ])
  })

  it('may add and remove listeners while it is called', async () => {
    const { auth } = createVirtualClient()
    const heard: string[] = []
    const stop = auth.on('login', () => {
      heard.push('first')
      stop()
      stopSecond()
      auth.on('login', () => void heard.push('third'))
    })
    const stopSecond = auth.on('login', () => void heard.push('second'))
    await auth.login()
    expect(heard).toEqual(['first'])
    await auth.login()
    expect(heard).toEqual(['first', 'third'])
  })
})

describe('events', () => {
  it('each carry moment, origin and generation', async () => {
    const { auth, page } = createVirtualClient()
    const events: AuthEvents<User>[keyof AuthEvents][] = []
    for (const name of ['login', 'refresh', 'logout'] as const) auth.on(name, (event) => void events.push(event))
    await auth.login()
    const start = page.now()
    await page.pass(MINUTE)
    await auth.getAccessToken({ forceRefresh: true })
    await auth.logout()
    expect(events.map(({ at, origin, generation }) => [at - start, origin, generation])).toEqual([
      [0, 'this-tab', 1],
      [MINUTE, 'this-tab', 2],
      [MINUTE, 'this-tab', 2],
    ])
  })

  it('tell each refresh once, to a thousand callers that waited for it', async () => {
    const { auth, told } = await virtuallySignedIn()
    await Promise.all(Array.from({ length: 1000 }, () => auth.getAccessToken({ forceRefresh: true })))
    expect(told).toEqual(['refresh'])
  })

  it('come in the order of the generations', async () => {
    const { auth, heard } = await virtuallySignedIn()
    for (let count = 0; count < 5; count += 1) await auth.getAccessToken({ forceRefresh: true })
    expect(heard('refresh').map(({ generation }) => generation)).toEqual([2, 3, 4, 5, 6])
  })

  it('are heard no more after the signal was aborted', async () => {
    const { auth } = createVirtualClient()
    const controller = new AbortController()
    const heard: string[] = []
    auth.on('login', () => void heard.push('login'), { signal: controller.signal })
    auth.on('login', () => void heard.push('never'), { signal: AbortSignal.abort() })
    await auth.login()
    controller.abort()
    await auth.login()
    expect(heard).toEqual(['login'])
  })

  it('are heard no more after the undo was called', async () => {
    const { auth } = createVirtualClient()
    const heard: string[] = []
    const stop = auth.on('login', () => void heard.push('login'))
    await auth.login()
    stop()
    await auth.login()
    expect(heard).toEqual(['login'])
  })

  it('tell a failed renewal as an error without side effects on the next', async () => {
    const { auth, issuer, heard } = await virtuallySignedIn()
    issuer.onRefresh = () => Promise.reject(new AuthError('server_error', '503', { status: 503 }))
    await expect(auth.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({ code: 'server_error' })
    expect(heard('refreshFailed')).toMatchObject([{ attempt: 1, error: { code: 'server_error', status: 503 } }])
    issuer.onRefresh = () => undefined
    expect(auth.state).toMatchObject({ status: 'authenticated', freshness: 'fresh' })
  })
})
