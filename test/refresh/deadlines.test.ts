import { type AuthBackend, AuthClient, type Ledger, type LedgerRow, memoryStorage, type TokenStorage } from 'latchkey'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createAuthServer } from '../support/auth-server.ts'
import { FORM, type LoginForm, type SetupOptions, setUp, signedIn } from '../support/client.ts'
import { type Outcome, pass, settle, stopTime, watch } from '../support/clock.ts'

const API = 'https://api.test/todos'
const ON_DEMAND: SetupOptions = { refresh: { when: 'on-demand' } }
const never = new Promise<never>(() => undefined)

/** A ledger of all tabs, as an IndexedDB that another tab blocks, and a storage that all tabs see. */
function hangingTabs() {
  let row: LedgerRow | undefined
  let isHanging = false
  const ledger: Ledger = {
    async read() {
      if (isHanging) await never
      return row
    },
    async update(_, step) {
      if (isHanging) await never
      row = step(row) ?? row
    },
  }
  const storage: TokenStorage = { ...memoryStorage(), scope: 'origin' }
  return {
    options: { environment: { ledger }, storage },
    hang() {
      isHanging = true
    },
  }
}

describe('R4: an attempt', () => {
  it.each(['hang', 'hang-body'] as const)('F4, F5: ends after `timeout`, body included: %s', async (fault) => {
    stopTime()
    const { client, server } = await signedIn({ refresh: { when: 'on-demand', timeout: 2000 } })
    server.failNext('refresh', fault)
    const call = watch(client.getAccessToken({ forceRefresh: true }))

    await pass(1999)
    expect(call.status).toBe('pending')
    await pass(1)

    expect(call.error).toMatchObject({ code: 'timeout' })
  })

  it('F4: ends after 10 s by default', async () => {
    stopTime()
    const { client, server } = await signedIn(ON_DEMAND)
    server.failNext('refresh', 'hang')
    const call = watch(client.getAccessToken({ forceRefresh: true }))

    await pass(9999)
    expect(call.status).toBe('pending')
    await pass(1)

    expect(call.error).toMatchObject({ code: 'timeout' })
  })

  it('F5: ends though each byte of a dripping body comes in time', async () => {
    stopTime()
    const server = createAuthServer()
    const { client } = await signedIn({ ...ON_DEMAND, server, fetch: server.fetch })
    const drip = (): Response =>
      new Response(
        new ReadableStream({
          async pull(controller) {
            await new Promise((resolve) => setTimeout(resolve, 900))
            controller.enqueue(new TextEncoder().encode(' '))
          },
        }),
      )
    server.failNext('refresh', drip)
    const call = watch(client.getAccessToken({ forceRefresh: true }))

    await pass(10_000)

    expect(call.error).toMatchObject({ code: 'timeout' })
  })

  it('ends though the backend of the app’s own hangs without a request', async () => {
    stopTime()
    const backend: AuthBackend<LoginForm> = {
      id: 'own',
      origin: undefined,
      refreshVia: 'body',
      login: async () => ({ accessToken: 'a', refreshToken: 'r' }),
      refresh: () => never,
    }
    const { client, heard } = await signedIn({ ...ON_DEMAND, backend })
    const call = watch(client.getAccessToken({ forceRefresh: true }))

    await pass(10_000)

    expect(call.error).toMatchObject({ code: 'timeout' })
    expect(heard('refreshFailed')).toMatchObject([{ error: { code: 'timeout' } }])
  })

  describe('that a backend of the app’s own answers too late', () => {
    /** Answers the first refresh after 15 s, the next ones at once. */
    function slowBackend() {
      const revoked: (string | undefined)[] = []
      let count = 0
      const backend: AuthBackend<LoginForm> = {
        id: 'own',
        origin: undefined,
        refreshVia: 'body',
        login: async () => ({ accessToken: 'a0', refreshToken: 'r0' }),
        async refresh() {
          count += 1
          const number = count
          if (number === 1) await new Promise((resolve) => setTimeout(resolve, 15_000))
          return { accessToken: `a${number}`, refreshToken: `r${number}` }
        },
        async logout({ refreshToken }) {
          revoked.push(refreshToken)
        },
      }
      return { backend, revoked }
    }

    it('F43: is committed all the same: its refresh token is spent', async () => {
      stopTime()
      const { client, heard } = await signedIn({ ...ON_DEMAND, backend: slowBackend().backend })
      const call = watch(client.getAccessToken({ forceRefresh: true }))
      await pass(10_000)
      expect(call.error).toMatchObject({ code: 'timeout' })

      await pass(5000)

      expect(await client.getAccessToken()).toBe('a1')
      expect(heard('refresh')).toHaveLength(1)
    })

    it('F43: revokes nothing when a newer attempt has renewed the session meanwhile', async () => {
      stopTime()
      const { backend, revoked } = slowBackend()
      const { client } = await signedIn({ ...ON_DEMAND, backend })
      watch(client.getAccessToken({ forceRefresh: true }))
      await pass(10_500)
      expect(await client.getAccessToken({ forceRefresh: true })).toBe('a2')

      await pass(10_000)

      expect(await client.getAccessToken()).toBe('a2')
      expect(revoked).toEqual([])
    })

    it('T14: is revoked when the person has signed out meanwhile', async () => {
      stopTime()
      const { backend, revoked } = slowBackend()
      const { client } = await signedIn({ ...ON_DEMAND, backend })
      watch(client.getAccessToken({ forceRefresh: true }))
      await pass(10_500)
      await client.logout()

      await pass(10_000)

      expect(client.state.status).toBe('unauthenticated')
      expect(revoked).toEqual(['r0', 'r1'])
    })
  })

  it('F6: frees its place: the next one is made, and succeeds', async () => {
    stopTime()
    const { client, server } = await signedIn(ON_DEMAND)
    server.failNext('refresh', 'hang')
    watch(client.getAccessToken({ forceRefresh: true }))
    await pass(10_000)

    const call = watch(client.getAccessToken({ forceRefresh: true }))
    await pass(500)

    expect(call.value).toBe(server.current.accessToken)
  })
})

describe('R4: whatever hangs, every caller settles within timeout + 8 s', () => {
  const hangs: [string, (timeout: number) => Promise<{ outcomes: Outcome<unknown>[] }>][] = [
    [
      'F6: the server, for 1,000 callers',
      async (timeout) => {
        const server = createAuthServer()
        const { client } = await signedIn({ server, fetch: server.fetch, refresh: { when: 'on-demand', timeout } })
        await pass(300_000)
        server.failNext('refresh', 'hang', Number.POSITIVE_INFINITY)
        return { outcomes: Array.from({ length: 1000 }, () => watch(client.fetch(API))) }
      },
    ],
    [
      'the server, for a caller who first waits out a pause',
      async (timeout) => {
        const { client, server } = await signedIn({ refresh: { when: 'on-demand', timeout } })
        server.failNext('refresh', 'network-error', 9)
        for (let count = 0; count < 9; count += 1) {
          watch(client.getAccessToken({ forceRefresh: true }))
          await pass(5000)
        }
        server.failNext('refresh', 'hang', 9)
        return { outcomes: [watch(client.getAccessToken({ forceRefresh: true }))] }
      },
    ],
    [
      'F24: the storage, on reading',
      async (timeout) => {
        const storage = { ...memoryStorage(), getItem: () => never }
        const { client } = setUp({ storage, refresh: { timeout } })
        return { outcomes: [watch(client.start()), watch(client.login(FORM)), watch(client.fetch(API))] }
      },
    ],
    [
      'F24: the storage, on writing',
      async (timeout) => {
        const { client } = setUp({ storage: { ...memoryStorage(), setItem: () => never }, refresh: { timeout } })
        const login = watch(client.login(FORM))
        const renewal = client.login(FORM).then(() => client.getAccessToken({ forceRefresh: true }))
        return { outcomes: [login, watch(renewal)] }
      },
    ],
    [
      'the ledger, at a renewal',
      async (timeout) => {
        const { options, hang } = hangingTabs()
        const { client } = await signedIn({ refresh: { when: 'on-demand', timeout }, ...options })
        hang()
        return { outcomes: [watch(client.getAccessToken({ forceRefresh: true }))] }
      },
    ],
    [
      'the ledger, at a sign-out',
      async (timeout) => {
        const { options, hang } = hangingTabs()
        const { client } = await signedIn({ refresh: { timeout }, ...options })
        hang()
        return { outcomes: [watch(client.logout())] }
      },
    ],
    [
      'the ledger, at a sign-in',
      async (timeout) => {
        const { options, hang } = hangingTabs()
        const { client } = setUp({ refresh: { timeout }, ...options })
        hang()
        return { outcomes: [watch(client.login(FORM))] }
      },
    ],
    [
      'the storage and the server, at a sign-out',
      async (timeout) => {
        const { client, server } = await signedIn({
          storage: { ...memoryStorage(), removeItem: () => never },
          refresh: { timeout },
        })
        server.failNext('logout', 'hang')
        return { outcomes: [watch(client.logout())] }
      },
    ],
  ]

  it.each(hangs)('%s', async (_what, begin) => {
    stopTime()
    const timeout = 4000
    const { outcomes } = await begin(timeout)

    await pass(timeout + 8000)

    expect(outcomes.filter(({ status }) => status === 'pending')).toEqual([])
  })
})

describe('R1: single flight', () => {
  it('shares one refresh between callers of every kind', async () => {
    stopTime()
    const { client, server } = await signedIn(ON_DEMAND)
    await pass(300_000)
    server.slowDown('refresh', 1000)

    const calls = [
      watch(client.getAccessToken()),
      watch(client.getAccessToken({ forceRefresh: true })),
      watch(client.getAccessToken({ minValidity: 60_000 })),
      watch(client.fetch(API)),
      watch(client.http.get('todos')),
    ]
    await pass(500)
    calls.push(watch(client.getAccessToken()))
    await pass(500)

    expect(calls.map(({ status }) => status)).toEqual(Array(6).fill('fulfilled'))
    expect(server.refreshes).toBe(1)
  })

  it('shares the timer’s refresh with callers', async () => {
    stopTime()
    const { client, server } = await signedIn({ refresh: { spread: false } })
    server.slowDown('refresh', 60_000)
    await pass(275_000)
    expect(server.refreshes).toBe(1)

    const call = watch(client.getAccessToken({ forceRefresh: true }))
    await pass(10_000)

    expect(server.refreshes).toBe(1)
    expect(call.status).toBe('rejected')
  })

  it('never spends one refresh token twice, whatever asks for how long', async () => {
    stopTime()
    const { client, server, heard } = await signedIn()
    server.slowDown('refresh', 50)

    for (let minute = 0; minute < 60; minute += 1) {
      for (let count = 0; count < 5; count += 1) watch(client.getAccessToken({ forceRefresh: count % 2 === 0 }))
      await pass(60_000)
    }

    expect(new Set(server.to('refresh').map(({ text }) => text)).size).toBe(server.refreshes)
    expect(heard('logout')).toEqual([])
  })

  it('belongs to one client: two clients share nothing', async () => {
    const server = createAuthServer()
    const first = await signedIn({ server })
    const second = await signedIn({ server })

    await Promise.all([
      first.client.getAccessToken({ forceRefresh: true }),
      second.client.getAccessToken({ forceRefresh: true }),
    ])

    expect(server.refreshes).toBe(2)
  })
})

describe('D1: dispose() during a refresh', () => {
  it('F39: rejects its callers, and lets it finish and be stored: its token is spent', async () => {
    stopTime()
    const server = createAuthServer()
    const storage = memoryStorage()
    const { client } = await signedIn({ ...ON_DEMAND, server, storage })
    server.slowDown('refresh', 1000)
    const call = watch(client.getAccessToken({ forceRefresh: true }))
    await settle()

    client.dispose()
    await settle()
    expect(call.error).toMatchObject({ code: 'disposed' })
    await pass(1000)

    const next = new AuthClient({ baseUrl: server.baseUrl, storage })
    onTestFinished(() => next.dispose())
    expect(await next.getAccessToken()).toBe(server.current.accessToken)
    expect(server.refreshes).toBe(1)
  })

  it('ends the pause before an attempt without making it', async () => {
    stopTime()
    const { client, server } = await signedIn(ON_DEMAND)
    server.failNext('refresh', 'network-error')
    await client.getAccessToken({ forceRefresh: true }).catch(() => undefined)
    const call = watch(client.getAccessToken({ forceRefresh: true }))
    await settle()

    client.dispose()
    await pass(10_000)

    expect(call.error).toMatchObject({ code: 'disposed' })
    expect(server.refreshes).toBe(1)
  })
})
