import { AuthClient, cookieStorage, jsonBackend, memoryStorage, webStorage } from 'latchkey'
import { AuthClient as CoreClient } from 'latchkey/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { trapGlobals } from '../support/globals.ts'

/** What a page has and a server may not have, and what nobody should use before there is something to do. */
const EDGES = [
  'BroadcastChannel',
  'SharedWorker',
  'cookieStore',
  'crypto',
  'document',
  'fetch',
  'history',
  'indexedDB',
  'localStorage',
  'location',
  'navigator',
  'performance',
  'queueMicrotask',
  'reportError',
  'sessionStorage',
  'setInterval',
  'setTimeout',
  'window',
] as const

let restore: (() => void)[] = []
afterEach(() => {
  for (const undo of restore) undo()
  restore = []
})

/** Makes each of `names` throw when it is touched, until the test is over. */
function trap(names: readonly string[]): readonly string[] {
  const { touched, undo } = trapGlobals(names)
  restore.push(undo)
  return touched
}

/** Takes `names` away, as in an engine that does not have them. */
function remove(names: readonly string[]): void {
  for (const name of names) {
    const own = Object.getOwnPropertyDescriptor(globalThis, name)
    if (!own) continue
    restore.push(() => Object.defineProperty(globalThis, name, own))
    Reflect.deleteProperty(globalThis, name)
  }
}

describe('without a page', () => {
  it('T23: a client is constructed without touching a global', () => {
    const { now, random } = { now: Date.now, random: Math.random }
    const touched = trap(EDGES)
    const surprise = (): never => {
      throw new Error('clock or random was touched')
    }
    Object.assign(Date, { now: surprise })
    Object.assign(Math, { random: surprise })
    try {
      for (const storage of [undefined, memoryStorage(), webStorage('local'), webStorage('session'), cookieStorage()]) {
        new AuthClient({ baseUrl: 'https://api.test', storage })
        new AuthClient({ baseUrl: '/api', storage })
        new CoreClient({ backend: jsonBackend({ baseUrl: '/api', refreshVia: 'cookie' }), storage })
      }
      new AuthClient({ baseUrl: '/api', initial: { accessToken: 'token', lifetime: 1000 } })
    } finally {
      Object.assign(Date, { now })
      Object.assign(Math, { random })
    }
    expect(touched).toEqual([])
  })

  it.each(['latchkey', 'latchkey/core'])('T23: %s is imported without touching the page', async (name) => {
    const touched = trap(
      EDGES.filter((edge) => !['performance', 'setTimeout', 'queueMicrotask', 'navigator'].includes(edge)),
    )
    vi.resetModules()
    const module: { AuthClient: unknown } = await import(name)
    for (const undo of restore) undo()
    restore = []
    expect(module.AuthClient).toBeTypeOf('function')
    expect(touched).toEqual([])
  })

  it('T23: `state` is there at once, for rendering on a server', () => {
    const anonymous = new AuthClient({ baseUrl: 'https://api.test' })
    expect(anonymous.state).toEqual({ status: 'loading' })
    const user = { name: 'Ada' }
    const known = new AuthClient({ baseUrl: 'https://api.test', initial: { accessToken: 'token', user } })
    expect(known.state).toMatchObject({ status: 'authenticated', user, freshness: 'fresh' })
  })

  it('T23: two clients of two requests share nothing', async () => {
    const sent: (string | null)[] = []
    const fetch: typeof globalThis.fetch = async (_, init) => {
      sent.push(new Headers(init?.headers).get('authorization'))
      return Response.json({})
    }
    const [ada, grace] = ['ada', 'grace'].map((name) => {
      return new AuthClient({ baseUrl: 'https://api.test', fetch, initial: { accessToken: name, user: name } })
    })
    await Promise.all([ada?.fetch('https://api.test/todos'), grace?.fetch('https://api.test/todos')])
    expect(sent.sort()).toEqual(['Bearer ada', 'Bearer grace'])
    await ada?.logout()
    expect(grace?.state).toMatchObject({ status: 'authenticated', user: 'grace' })
  })

  it('signs in, sends and signs out, in an engine that has no page at all', async () => {
    remove(['localStorage', 'sessionStorage', 'navigator', 'reportError', 'BroadcastChannel', 'indexedDB'])
    const sent: string[] = []
    const auth = new AuthClient({
      baseUrl: 'https://api.test',
      fetch: async (input, init) => {
        const url = input instanceof Request ? input.url : input
        sent.push(`${url} ${new Headers(init?.headers).get('authorization')}`)
        return Response.json({ access_token: 'token', refresh_token: 'refresh', expires_in: 300 })
      },
    })
    await auth.login({ username: 'ada', password: 'secret' })
    await auth.http.get('todos')
    await auth.getAccessToken({ forceRefresh: true })
    await auth.logout()
    auth.dispose()
    expect(sent).toEqual([
      'https://api.test/login null',
      'https://api.test/todos Bearer token',
      'https://api.test/refresh null',
      'https://api.test/logout null',
    ])
  })

  it.each([
    ['webStorage', () => webStorage('local')],
    ['cookieStorage', () => cookieStorage()],
  ])('F22: signs in with %s where there is none', async (_, create) => {
    remove(['localStorage'])
    const fetch = async () => Response.json({ access_token: 'token' })
    const auth = new AuthClient({ baseUrl: 'https://api.test', storage: create(), fetch })
    const degraded: unknown[] = []
    auth.on('storageDegraded', (event) => void degraded.push(event))
    expect(await auth.login({})).toHaveProperty('status', 'authenticated')
    expect(degraded).toHaveLength(1)
    auth.dispose()
  })

  it('takes no process hostage: nothing keeps it alive once it was disposed of', async () => {
    const auth = new AuthClient({
      baseUrl: 'https://api.test',
      fetch: async () => Response.json({ access_token: 'a', expires_in: 300 }),
    })
    await auth.login({})
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    auth.dispose()
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBeLessThan(before)
  })
})

describe('a relative `baseUrl` where there is no location', () => {
  const fetch = async () => Response.json({ access_token: 'token' })

  it('is taken by the constructor', () => {
    expect(new AuthClient({ baseUrl: '/api', fetch }).state).toEqual({ status: 'loading' })
  })

  it('is invalid_option at the first login', async () => {
    const auth = new AuthClient({ baseUrl: '/api', fetch })
    await expect(auth.login({})).rejects.toMatchObject({ name: 'AuthError', code: 'invalid_option' })
    auth.dispose()
  })

  it('is invalid_option at the first request', async () => {
    const auth = new AuthClient({ baseUrl: '/api', fetch, initial: { accessToken: 'token' } })
    await expect(auth.fetch('https://api.test/todos')).rejects.toMatchObject({ code: 'invalid_option' })
    auth.dispose()
  })

  it.each<[string, (auth: AuthClient) => Promise<unknown>]>([
    ['fetch', (auth) => auth.fetch('/x')],
    ['http', (auth) => auth.http.get('x')],
  ])('is invalid_option at the first relative request, by %s', async (_, send) => {
    let sent = 0
    const auth = new AuthClient({
      baseUrl: '/api',
      fetch: async () => {
        sent += 1
        return new Response()
      },
    })
    await expect((async () => send(auth))()).rejects.toMatchObject({ name: 'AuthError', code: 'invalid_option' })
    expect(sent).toBe(0)
    auth.dispose()
  })

  it('works with the location that the environment hands in', async () => {
    const sent: string[] = []
    const auth = new AuthClient({
      baseUrl: '/api',
      environment: { location: () => 'https://app.test/page' },
      initial: { accessToken: 'token' },
      fetch: async (input, init) => {
        sent.push(`${input} ${new Headers(init?.headers).get('authorization')}`)
        return new Response()
      },
    })
    await auth.fetch('https://app.test/api/todos')
    await auth.fetch('https://app.test/other')
    expect(sent).toEqual(['https://app.test/api/todos Bearer token', 'https://app.test/other null'])
    auth.dispose()
  })
})

describe('options that cannot work', () => {
  it.each<[string, object]>([
    ['baseUrl', {}],
    ['baseUrl', { baseUrl: 'ftp://api.test' }],
    ['baseUrl', { baseUrl: 'javascript:alert(1)' }],
    ['refresh.before', { baseUrl: '/', refresh: { before: -1 } }],
    ['refresh.timeout', { baseUrl: '/', refresh: { timeout: 0 } }],
    ['refresh.timeout', { baseUrl: '/', refresh: { timeout: Number.NaN } }],
    ['storage', { baseUrl: '/', storage: new Map() }],
    ['initial', { baseUrl: '/', initial: {} }],
    ['initial', { baseUrl: '/', initial: { refreshToken: 'refresh' } }],
    ['initial', { baseUrl: '/', initial: { accessToken: 'a\r\nX-Admin: 1' } }],
  ])('are refused by the constructor, which names `%s`: %o', (name, options) => {
    expect(() => new AuthClient(options as { baseUrl: string })).toThrow(
      expect.objectContaining({ code: 'invalid_option', message: expect.stringContaining(`\`${name}\``) }),
    )
  })

  it('T6: do not include plain http: it is refused when something would leave', async () => {
    let sent = 0
    const auth = new AuthClient({
      baseUrl: 'http://api.test',
      fetch: async () => {
        sent += 1
        return Response.json({ access_token: 'token' })
      },
    })
    await expect(auth.login({})).rejects.toMatchObject({ code: 'insecure_url' })
    await auth.setTokens({ accessToken: 'token', refreshToken: 'refresh' })
    await expect(auth.fetch('http://api.test/todos')).rejects.toMatchObject({ code: 'insecure_url' })
    await expect(auth.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({ code: 'insecure_url' })
    expect(sent).toBe(0)
    expect(auth.state).toHaveProperty('status', 'authenticated')
    auth.dispose()
  })
})
