import type { AuthClientOptions, TokenResponse } from 'latchkey'
import { type ExpectStatic, vi } from 'vitest'
import type { Server } from './servers.ts'
import { LIFETIME } from './start.ts'
import { openBrowser } from './tabs.ts'

/** What one line of the contract is tried with. */
export interface Trial {
  readonly server: Server
  readonly baseUrl: string
  readonly atEnd: (close: () => void) => void
  /** That of the test: the global one mixes up tests that run at the same time. */
  readonly expect: ExpectStatic
}

/** One line of the contract: what it is about, what it promises for a server of this nature, and the proof. */
export interface Line {
  readonly name: string
  readonly promise: (server: Server) => string
  readonly prove: (trial: Trial) => Promise<void>
}

const ON_DEMAND = { refresh: { when: 'on-demand' } } as const
/** Some tokens tell their time in whole seconds only. */
const IN_TIME = { refresh: { before: 1500, spread: false } } as const
const HOUR = 3_600_000

/** What a login gave. */
interface Loot {
  readonly tokens: TokenResponse
  readonly cookies: ReadonlyMap<string, string>
}

type Holder = Awaited<ReturnType<typeof withLoot>>

const canRenew = ({ renewsBy }: Server): boolean => renewsBy !== 'nothing'

/** A browser, and a first tab in which alice has signed in; what was called until then is forgotten. */
async function signedIn(trial: Trial, options: Partial<AuthClientOptions<object>> = ON_DEMAND) {
  const browser = openBrowser(trial)
  const tab = await browser.open(options)
  await tab.client.login(trial.server.form)
  const tokens: TokenResponse = Object.assign({}, ...browser.given.map((each) => JSON.parse(JSON.stringify(each))))
  const loot: Loot = { tokens, cookies: new Map(browser.jar) }
  browser.calls.length = 0
  return { ...browser, tab, loot }
}

/** Another browser with the tokens and cookies that a login of hers gave. */
async function withLoot(trial: Trial, { tokens, cookies }: Loot) {
  const browser = openBrowser(trial, cookies)
  const tab = await browser.open(ON_DEMAND)
  await tab.client.setTokens(tokens)
  return { ...browser, tab }
}

/** Waits until the server refuses an access token. */
async function expiry({ server, baseUrl }: Trial, token: string): Promise<void> {
  const refuses = async (): Promise<boolean> => {
    const { status } = await fetch(baseUrl + server.me, { headers: { Authorization: `Bearer ${token}` } })
    return status === 401
  }
  await vi.waitUntil(refuses, { timeout: 4 * LIFETIME * 1000, interval: 100 })
}

/** A renewal ends the session, since the server said so. */
async function isRefused({ server, expect }: Trial, { tab, calls }: Holder, renewal: Promise<string>): Promise<void> {
  await expect(renewal).rejects.toMatchObject({ code: 'login_required' })
  expect(tab.client.state).toEqual({ status: 'unauthenticated', reason: 'revoked' })
  expect(calls).toEqual([{ call: 'refresh', status: server.refusal }])
}

export const contract: readonly Line[] = [
  {
    name: 'login',
    promise: () => 'signs alice in, and the protected route knows her',
    async prove(trial) {
      const { server, expect } = trial
      const { open, calls } = openBrowser(trial)
      const { client, me } = await open(ON_DEMAND)

      const state = await client.login(server.form)

      expect(state.status).toBe('authenticated')
      expect(await me()).toEqual({ status: 200, username: 'alice' })
      expect(calls.map(({ call }) => call)).toEqual(server.isTwoSteps ? ['login', 'refresh'] : ['login'])
    },
  },
  {
    name: 'wrong password',
    promise: () => 'is invalid_credentials, and starts no refresh',
    async prove(trial) {
      const { server, expect } = trial
      const { open, calls } = openBrowser(trial)
      const { client } = await open()

      const login = client.login({ ...server.form, password: 'looking-glass-8' })

      await expect(login).rejects.toMatchObject({ code: 'invalid_credentials', status: server.wrongPassword })
      expect(client.state).toEqual({ status: 'unauthenticated', reason: 'never' })
      expect(calls).toEqual([{ call: 'login', status: server.wrongPassword }])
    },
  },
  {
    name: 'protected call',
    promise: () => 'is answered through `http` too, and five at once cause no refresh',
    async prove(trial) {
      const { server, expect } = trial
      const { tab, calls, requests } = await signedIn(trial)

      const answers = await Promise.all(Array.from({ length: 5 }, () => tab.client.http.get(server.me.slice(1)).json()))

      expect(answers).toEqual(Array(5).fill({ username: 'alice' }))
      expect(requests.map(({ status }) => status)).toEqual(Array(5).fill(200))
      expect(calls).toEqual([])
    },
  },
  {
    name: 'scheduled refresh',
    promise: (server) =>
      canRenew(server) ? 'comes before expiry, twice' : 'there is none: `expiring`, and at expiry the session ends',
    async prove(trial) {
      const { server, expect } = trial
      const { tab, calls, requests } = await signedIn(trial, IN_TIME)
      if (!canRenew(server)) {
        const { expiresAt } = await tab.heard('expiring')
        expect(expiresAt).toBeGreaterThan(Date.now())
        expect((await tab.heard('logout')).reason).toBe('expired')
        expect(calls).toEqual([])
        return
      }
      const first = await tab.client.getAccessToken()

      await tab.heard('refresh')
      expect((await tab.me()).status).toBe(200)
      await tab.heard('refresh')
      expect((await tab.me()).status).toBe(200)

      expect(await tab.client.getAccessToken()).not.toBe(first)
      expect(calls).toEqual(Array(2).fill({ call: 'refresh', status: 200 }))
      expect(requests.map(({ status }) => status)).toEqual([200, 200])
    },
  },
  {
    name: '401 recovery',
    promise: ({ renewsBy }) => {
      if (renewsBy === 'nothing') return 'there is none: the caller gets the 401'
      return renewsBy === 'living'
        ? 'an expired token buys none: the caller gets the 401, and the session ends'
        : 'is one refresh and one replay, which the caller does not notice'
    },
    async prove(trial) {
      const { server, expect } = trial
      const now = Date.now()
      const stopped = { now: () => now, monotonic: () => now }
      const { tab, calls, requests } = await signedIn(trial, { ...ON_DEMAND, environment: { clock: stopped } })
      await expiry(trial, await tab.client.getAccessToken())

      const { status } = await tab.me()

      const { renewsBy } = server
      const renews = renewsBy === 'rotating' || renewsBy === 'lasting'
      expect(status).toBe(renews ? 200 : 401)
      expect(requests.map((each) => each.status)).toEqual(renews ? [401, 200] : [401])
      expect(calls).toEqual(renewsBy === 'nothing' ? [] : [{ call: 'refresh', status: renews ? 200 : server.refusal }])
      if (renewsBy === 'living') expect(tab.client.state).toEqual({ status: 'unauthenticated', reason: 'revoked' })
      else expect(tab.client.state.status).toBe('authenticated')
    },
  },
  {
    name: 'replay',
    promise: ({ renewsBy }) => {
      if (renewsBy === 'rotating')
        return 'a spent refresh token signs out (`revoked`) whoever holds it, and the newest stays good'
      return renewsBy === 'nothing' ? 'there is nothing to replay' : 'an old refresh token stays good'
    },
    async prove(trial) {
      const { server, expect } = trial
      const { tab, loot } = await signedIn(trial)
      const renew = { forceRefresh: true }
      if (!canRenew(server)) {
        await expect(tab.client.getAccessToken(renew)).rejects.toMatchObject({ code: 'login_required' })
        expect(tab.client.state.status).toBe('authenticated')
        return
      }
      await tab.client.getAccessToken(renew)
      expect((await tab.me()).status).toBe(200)
      const other = await withLoot(trial, loot)
      const replayed = other.tab.client.getAccessToken(renew)

      if (server.renewsBy === 'rotating') await isRefused(trial, other, replayed)
      else {
        expect(await replayed).toEqual(expect.any(String))
        expect(other.calls).toEqual([{ call: 'refresh', status: 200 }])
      }
      expect(await tab.client.getAccessToken(renew)).toEqual(expect.any(String))
      expect((await tab.me()).status).toBe(200)
    },
  },
  {
    name: 'five tabs',
    promise: (server) =>
      canRenew(server)
        ? 'renew at the same time: all are served by one call'
        : 'are told that nothing renews, and stay signed in',
    async prove(trial) {
      const { server, expect } = trial
      const { tab, open, calls, requests } = await signedIn(trial)
      const tabs = [tab, ...(await Promise.all(Array.from({ length: 4 }, () => open(ON_DEMAND))))]

      const renewals = await Promise.allSettled(tabs.map(({ client }) => client.getAccessToken({ forceRefresh: true })))
      const answers = await Promise.all(tabs.map(({ me }) => me()))

      const outcome = canRenew(server) ? 'fulfilled' : 'rejected'
      expect(renewals.map(({ status }) => status)).toEqual(Array(5).fill(outcome))
      expect(calls).toEqual(canRenew(server) ? [{ call: 'refresh', status: 200 }] : [])
      expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(200))
      expect(new Set(requests.map(({ authorization }) => authorization)).size).toBe(1)
    },
  },
  {
    name: 'logout',
    promise: ({ endsAtLogout, renewsBy }) => {
      if (endsAtLogout) return 'ends the session here, and the refresh token at the server'
      return renewsBy === 'nothing' ? 'ends the session here' : 'ends the session here; the refresh token lives on'
    },
    async prove(trial) {
      const { server, expect } = trial
      const { tab, calls, loot } = await signedIn(trial)

      await tab.client.logout()

      const { logout, endsAtLogout } = server
      expect(tab.client.state).toEqual({ status: 'unauthenticated', reason: 'logout' })
      expect(calls).toEqual(logout ? [{ call: 'logout', status: logout }] : [])
      if (!canRenew(server)) return
      const other = await withLoot(trial, loot)
      const renewal = other.tab.client.getAccessToken({ forceRefresh: true })
      if (endsAtLogout) await isRefused(trial, other, renewal)
      else expect(await renewal).toEqual(expect.any(String))
    },
  },
  {
    name: 'call after logout',
    promise: () => 'leaves without a token, gets its 401, and starts no refresh',
    async prove(trial) {
      const { expect } = trial
      const { tab, calls, requests } = await signedIn(trial)
      await tab.client.logout()
      calls.length = 0

      expect(await tab.me()).toEqual({ status: 401, username: undefined })

      expect(requests).toEqual([{ authorization: null, status: 401 }])
      expect(calls).toEqual([])
      await expect(tab.client.getAccessToken()).rejects.toMatchObject({ code: 'login_required' })
    },
  },
  {
    name: 'wrong clock',
    promise: (server) =>
      canRenew(server)
        ? 'five hours early or late, tokens are renewed as often as by a right one'
        : 'five hours early or late, the session lives as long as by a right one',
    async prove(trial) {
      const { server, expect } = trial
      const monotonic = (): number => performance.now()
      const clients = await Promise.all(
        [0, -5 * HOUR, 5 * HOUR].map((offset) =>
          signedIn(trial, { ...IN_TIME, environment: { clock: { now: () => Date.now() + offset, monotonic } } }),
        ),
      )
      const renewed = Promise.all(clients.map(({ tab }) => tab.heard(canRenew(server) ? 'refresh' : 'logout')))

      const before = await Promise.all(clients.map(({ tab }) => tab.me()))
      expect(before.map(({ status }) => status)).toEqual([200, 200, 200])
      expect(clients.map(({ calls }) => calls)).toEqual([[], [], []])

      await renewed
      const calls = canRenew(server) ? [{ call: 'refresh', status: 200 }] : []
      expect(clients.map((each) => each.calls)).toEqual([calls, calls, calls])
      const after = await Promise.all(clients.map(({ tab }) => tab.me()))
      expect(after.map(({ status }) => status)).toEqual(Array(3).fill(canRenew(server) ? 200 : 401))
    },
  },
]
