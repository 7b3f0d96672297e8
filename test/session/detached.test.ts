import { AuthClient, type AuthState } from 'latchkey'
import { describe, expect, it } from 'vitest'
import { computed, reactive, readonly, shallowReactive, watchEffect } from 'vue'
import { ADA, createIssuer, createVirtualClient, type User, virtuallySignedIn } from './virtual-page.ts'

type Client = AuthClient<{ name?: string }, User>

function createClient(): Client {
  return new AuthClient<{ name?: string }, User>({
    baseUrl: 'http://localhost/',
    backend: createIssuer(),
    fetch: async (_, init) => Response.json(new Headers(init?.headers).get('authorization')),
  })
}

/** Uses everything that a client has. */
async function useAll(auth: Pick<Client, keyof Client>): Promise<void> {
  const events: string[] = []
  const states: AuthState<User>[] = []
  const { start, login, logout, getAccessToken, setTokens, setUser, subscribe, on, explain, fetch, http, dispose } =
    auth
  on('login', () => void events.push('login'))
  subscribe((state) => void states.push(state))
  await start()
  expect(await login()).toMatchObject({ status: 'authenticated', user: ADA })
  expect(auth.state).toMatchObject({ status: 'authenticated', user: ADA })
  expect(await getAccessToken()).toBe('access-1')
  expect(await (await fetch('http://localhost/todos')).json()).toBe('Bearer access-1')
  expect(await http.get('todos').json()).toBe('Bearer access-1')
  setUser({ id: 2 })
  expect(auth.state).toMatchObject({ user: { id: 2 } })
  await setTokens({ accessToken: 'other' })
  expect(explain().length).toBeGreaterThan(1)
  await logout()
  expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'logout' })
  expect(events).toEqual(['login', 'login'])
  expect(states.length).toBeGreaterThan(3)
  dispose()
}

describe('a client', () => {
  it('works when its methods are destructured', async () => {
    await useAll(createClient())
  })

  it('works when its methods are handed on, as handlers are', async () => {
    const { auth } = createVirtualClient()
    await Promise.resolve({ name: 'ada' }).then(auth.login)
    expect(await Promise.resolve(undefined).then(auth.getAccessToken)).toBe('access-1')
    await Promise.resolve(undefined).then(auth.logout)
    expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'logout' })
  })

  it.each<[string, (auth: Client) => object]>([
    ["Vue's reactive()", (auth) => reactive(auth)],
    ["Vue's shallowReactive()", (auth) => shallowReactive(auth)],
    ["Vue's readonly()", (auth) => readonly(auth)],
    ['a plain Proxy', (auth) => new Proxy(auth, {})],
    [
      'a Proxy that reads by itself as the receiver, as MobX does',
      (auth) => new Proxy(auth, { get: (target, name, receiver) => Reflect.get(target, name, receiver) }),
    ],
    ['an object that inherits from it', (auth) => Object.create(auth)],
    ['a member of a reactive store', (auth) => reactive({ nested: { auth } }).nested.auth],
  ])('works behind %s', async (_, wrap) => {
    await useAll(wrap(createClient()) as Client)
  })

  it("shows the same `state` behind Vue's reactive() as without", async () => {
    const { auth } = await virtuallySignedIn()
    expect((reactive(auth) as typeof auth).state).toBe(auth.state)
  })

  it("is seen by Vue's computed() and watchEffect() behind a subscription", async () => {
    const { auth } = createVirtualClient()
    const box = shallowReactive({ state: auth.state })
    const names: (string | undefined)[] = []
    const name = computed(() => (box.state.status === 'authenticated' ? box.state.user?.name : undefined))
    const stop = watchEffect(() => void names.push(name.value), { flush: 'sync' })
    auth.subscribe((state) => {
      box.state = state
    })
    await auth.login()
    stop()
    expect(names).toEqual([undefined, 'Ada'])
  })

  it('has `state` among its own members, so that a spread copy shows that moment', async () => {
    const { auth } = await virtuallySignedIn()
    expect({ ...auth }.state).toBe(auth.state)
    expect(Object.keys(auth)).toContain('state')
  })

  it('lets nobody overwrite `state`', () => {
    const { auth } = createVirtualClient()
    expect(() => Object.assign(auth, { state: { status: 'authenticated' } })).toThrow(TypeError)
    expect(auth.state).toEqual({ status: 'loading' })
  })
})
