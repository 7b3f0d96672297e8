import { AuthClient, type AuthEvents, isAuthError, jsonBackend, memoryStorage, webStorage } from 'latchkey'
import {
  type HeardEvent,
  type Look,
  obey,
  parameter,
  type SentRequest,
  type TokenOutcome,
  worldUrl,
} from './protocol.ts'

const via = parameter('via') === 'cookie' ? 'cookie' : 'body'
const storageKey = parameter('key') ?? ''
const area = parameter('storage') ?? 'local'
const events: HeardEvent[] = []
const sent: SentRequest[] = []
const pageshows: { at: number; persisted: boolean }[] = []

addEventListener('pageshow', ({ persisted }) => pageshows.push({ at: Date.now(), persisted }))

/** Sends, and notes what the state says at the moment at which a request of the API leaves. */
const watchedFetch: typeof fetch = (input, init) => {
  if (String(input).endsWith('/me')) {
    const hasToken = new Headers(init?.headers).has('authorization')
    sent.push({ at: Date.now(), hasToken, status: client.state.status })
  }
  return fetch(input, init)
}

/** Under Trusted Types a URL of a worker has to come from a policy; no library of TypeScript knows them yet. */
interface TrustedTypes {
  createPolicy(name: string, rules: object): { createScriptURL(url: string): string }
}
const { trustedTypes } = window as { trustedTypes?: TrustedTypes }
const policy = trustedTypes?.createPolicy('latchkey-worker', { createScriptURL: (url: string) => url })
const workerUrl = `/worker.js?world=${parameter('world')}&via=${via}&tab=worker`
const refresh = {
  timeout: Number(parameter('timeout') ?? 10_000),
  spread: false,
  when: parameter('when') === 'always' ? 'always' : 'on-demand',
  ...(parameter('before') && { before: Number(parameter('before')) }),
  ...(parameter('worker') && {
    worker: () => {
      const options = { type: 'module', name: storageKey, extendedLifetime: true } as const
      return new SharedWorker(policy?.createScriptURL(workerUrl) ?? workerUrl, options)
    },
  }),
} as const

const client = new AuthClient<{ username: string }, { name: string }>({
  baseUrl: worldUrl,
  backend: jsonBackend({ baseUrl: worldUrl, refreshVia: via }),
  storage: area === 'memory' ? memoryStorage() : webStorage(area === 'session' ? 'session' : 'local'),
  storageKey,
  refresh,
  fetch: watchedFetch,
})

const names: (keyof AuthEvents)[] = ['login', 'logout', 'refresh', 'refreshFailed', 'expiring', 'storageDegraded']
for (const name of names) {
  client.on(name, (event) => {
    const { origin, generation } = event
    const reason = 'reason' in event ? event.reason : undefined
    const code = 'error' in event ? event.error?.code : undefined
    events.push({ name, heardAt: Date.now(), origin, generation, ...(reason && { reason }), ...(code && { code }) })
  })
}

function codesOf(error: unknown): { code: string; cause?: string } {
  if (!isAuthError(error)) return { code: String(error) }
  const cause = isAuthError(error.cause) ? error.cause.code : undefined
  return { code: error.code, ...(cause && { cause }) }
}

async function request(): Promise<{ status: number } | { code: string }> {
  try {
    const { status } = await client.fetch(`${worldUrl}/me`)
    return { status }
  } catch (error) {
    return codesOf(error)
  }
}

obey({
  start: () => client.start().then(({ status }) => status),
  login: (username: string) => client.login({ username }).then(({ status }) => status),
  logout: () => client.logout(),
  async token(options: object | null): Promise<TokenOutcome> {
    try {
      return { token: await client.getAccessToken(options ?? {}) }
    } catch (error) {
      return codesOf(error)
    }
  },
  isSignedIn: () => client.state.status === 'authenticated',
  request,
  /** Sends one request after the other for so many milliseconds; hands back what they met, counted. */
  async barrage(duration: number): Promise<Record<string, number>> {
    const counts: Record<string, number> = {}
    const end = Date.now() + duration
    while (Date.now() < end) {
      const outcome = Object.values(await request())[0] ?? 'nothing'
      counts[outcome] = (counts[outcome] ?? 0) + 1
      await new Promise((resolve) => setTimeout(resolve, 15))
    }
    return counts
  },
  look(): Look {
    const { state } = client
    return {
      now: Date.now(),
      state: JSON.parse(JSON.stringify(state)),
      user: 'user' in state ? state.user?.name : undefined,
      events,
      sent,
      pageshows,
      trace: client.explain() as Look['trace'],
      visibility: document.visibilityState,
    }
  },
  leave: () => void location.assign('/elsewhere'),
  clear: () => localStorage.clear(),
})

await client.start()
Object.assign(window, { isReady: true })
