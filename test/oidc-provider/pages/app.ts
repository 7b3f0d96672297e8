import { AuthClient, type AuthEvents, isAuthError, webStorage } from 'latchkey'
import { dpop, oidcBackend } from 'latchkey/oidc'

/** How a page is set up; its site writes it into the page. */
export interface Setup {
  readonly issuer: string
  readonly clientId: string
  readonly api: string
  readonly scope: string
  readonly parameters: Readonly<Record<string, string>>
  readonly userinfo: boolean
  readonly dpop: boolean
  /** Signs in by popup as soon as the page is there, without anybody having clicked. */
  readonly popsUp: boolean
}

/** What came of something: a value, or an error. */
export interface Outcome {
  readonly value?: unknown
  readonly code?: string
  readonly oauthError?: string
}

/** An event that the client has told. */
export interface HeardEvent {
  readonly name: string
  readonly origin: string
  readonly generation: number
  readonly reason?: string
  readonly code?: string
}

/** What a driver finds at `window.app`. */
export interface App {
  readonly auth: AuthClient<LoginOptions, { sub: string; name?: string }>
  /** The address when the page began, right after `start()` was called, and when it was done. */
  readonly addresses: string[]
  readonly events: HeardEvent[]
  /** What came of what was begun, by name; `start` is there when the page is ready. */
  readonly outcomes: Record<string, Outcome>
  /** Begins something, at a moment if one is given; what comes of it stands in `outcomes`. */
  begin(name: string, run: () => Promise<unknown>, at?: number): void
  /** What the button for popups hands to `login()`. */
  popupLogin: LoginOptions
  /** The status of a request to the API, or the code of its error. */
  ask(path: string, init?: RequestInit): Promise<number | string>
}

type LoginOptions = { returnTo?: string; mode?: 'redirect' | 'popup'; parameters?: Record<string, string> }

const setup: Setup = JSON.parse(document.getElementById('setup')?.textContent ?? '{}')
const addresses = [location.href]
const events: HeardEvent[] = []
const outcomes: Record<string, Outcome> = {}

const auth: App['auth'] = new AuthClient({
  baseUrl: setup.api,
  storage: webStorage('local'),
  backend: oidcBackend<{ sub: string; name?: string }>({
    issuer: setup.issuer,
    clientId: setup.clientId,
    redirectUri: `${location.origin}/callback`,
    postLogoutRedirectUri: `${location.origin}/signed-out`,
    scope: setup.scope,
    parameters: { ...setup.parameters },
    userinfo: setup.userinfo,
    ...(setup.dpop && { dpop: dpop() }),
  }),
})

const outcomeOf = (error: unknown): Outcome => {
  if (!isAuthError(error)) return { code: String(error) }
  return { code: error.code, ...(error.oauthError && { oauthError: error.oauthError }) }
}

const begin: App['begin'] = (name, run, at = 0) => {
  const start = async (): Promise<void> => {
    outcomes[name] = await run().then((value) => ({ value: JSON.parse(JSON.stringify(value ?? null)) }), outcomeOf)
  }
  delete outcomes[name]
  if (at) setTimeout(start, at - Date.now())
  else void start()
}

const ask: App['ask'] = async (path, init) => {
  try {
    const { status } = await auth.fetch(setup.api + path, init)
    return status
  } catch (error) {
    return outcomeOf(error).code ?? ''
  }
}

const names: (keyof AuthEvents)[] = ['login', 'logout', 'refresh', 'refreshFailed', 'expiring', 'storageDegraded']
for (const name of names) {
  auth.on(name, (event) => {
    const { origin, generation } = event
    const reason = 'reason' in event ? event.reason : undefined
    const code = 'error' in event ? event.error?.code : undefined
    events.push({ name, origin, generation, ...(reason && { reason }), ...(code && { code }) })
  })
}
auth.subscribe(({ status }) => {
  const place = document.getElementById('status')
  if (place) place.textContent = status
})
const onClick = (id: string, act: () => void): void => document.getElementById(id)?.addEventListener('click', act)
onClick('sign-in', () => begin('login', () => auth.login({ returnTo: location.pathname })))
onClick('pop-up', () => begin('popup', () => auth.login({ ...app.popupLogin, mode: 'popup' })))
onClick('sign-out', () => begin('logout', () => auth.logout({ returnTo: '/' })))

const app: App = { auth, addresses, events, outcomes, popupLogin: {}, begin, ask }
Object.assign(window, { app })
begin('start', async () => {
  try {
    const starting = auth.start()
    addresses.push(location.href)
    return await starting
  } finally {
    addresses.push(location.href)
  }
})
if (setup.popsUp) {
  // Told to the site, since a driver that asks counts as a person who has clicked.
  const outcome = await auth.login({ mode: 'popup' }).then(() => ({ code: 'nothing' }), outcomeOf)
  await fetch(`/told/${outcome.code}`)
}
