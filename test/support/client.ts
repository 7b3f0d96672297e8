import { AuthClient, type AuthClientOptions, type AuthEvents, type AuthState, type Environment } from 'latchkey'
import { onTestFinished } from 'vitest'
import { type AuthServer, type AuthServerOptions, createAuthServer } from './auth-server.ts'
import { network } from './network.ts'

export interface LoginForm {
  username: string
  password: string
}

export const FORM: LoginForm = { username: 'ada', password: 'secret' }

type EventName = keyof AuthEvents
/** An event with its name. */
export type HeardEvent = { [Name in EventName]: { readonly name: Name } & AuthEvents[Name] }[EventName]

/** The options of a client under test; `server` is made, and answers at `https://api.test`, unless it is given. */
export interface SetupOptions extends AuthClientOptions<LoginForm> {
  server?: AuthServer | AuthServerOptions
}

export interface Setup {
  readonly client: AuthClient<LoginForm>
  readonly server: AuthServer
  /** All events in the order in which they came. */
  readonly events: HeardEvent[]
  /** The events of one name. */
  readonly heard: <Name extends EventName>(name: Name) => AuthEvents[Name][]
  /** The states that `subscribe` told. */
  readonly states: AuthState[]
  /** What went to `reportError`. */
  readonly reported: unknown[]
}

const EVENTS: readonly EventName[] = ['login', 'logout', 'refresh', 'refreshFailed', 'expiring', 'storageDegraded']

/** Creates a client and its server, with nobody signed in; both are gone when the test has finished. */
export function setUp({ server: given = {}, ...options }: SetupOptions = {}): Setup {
  const server = 'handlers' in given ? given : createAuthServer(given)
  network.use(...server.handlers)
  const reported: unknown[] = []
  const environment: Partial<Environment> = {
    reportError: (error) => reported.push(error),
    ...options.environment,
  }
  const where = options.backend || options.baseUrl ? {} : { baseUrl: server.baseUrl }
  const client = new AuthClient<LoginForm>({ ...where, ...options, environment })
  onTestFinished(() => client.dispose())

  const events: HeardEvent[] = []
  for (const name of EVENTS) client.on(name, (event) => events.push({ name, ...event } as HeardEvent))
  const states: AuthState[] = []
  client.subscribe((state) => states.push(state))
  const heard = <Name extends EventName>(name: Name): AuthEvents[Name][] =>
    events.filter((event) => event.name === name) as unknown as AuthEvents[Name][]
  return { client, server, events, heard, states, reported }
}

/** Creates a client and its server, with Ada signed in; what was heard and sent until then is forgotten. */
export async function signedIn(options: SetupOptions = {}): Promise<Setup> {
  const setup = setUp(options)
  await setup.client.login(FORM)
  setup.server.requests.length = 0
  setup.events.length = 0
  setup.states.length = 0
  return setup
}
