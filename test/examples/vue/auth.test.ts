import { expect, it, onTestFinished, vi } from 'vitest'
import { createApp, createSSRApp, nextTick } from 'vue'
import { createAuth, useAuth } from '../../../examples/vue/auth.ts'
import { counting, enter, FORM, flushPromises, mountWith, setUp } from './support.ts'

const REFRESHES = 100

/** Renews the tokens so often, and lets Vue render after each time. */
async function renewOften(client: ReturnType<typeof setUp>['client']): Promise<void> {
  for (let i = 0; i < REFRESHES; i += 1) {
    await client.getAccessToken({ forceRefresh: true })
    await nextTick()
  }
}

it.each([
  ['the status', () => useAuth().status],
  ['the user', () => useAuth().user],
])('does not render a component again that reads %s, over 100 refreshes', async (_what, read) => {
  const { client, server } = setUp()
  await client.login(FORM)
  const { component, updates } = counting(() => {
    const shown = read()
    return () => JSON.stringify(shown.value)
  })
  mountWith(createAuth(client), component)

  await renewOften(client)

  expect(server.refreshes).toBe(REFRESHES)
  expect(updates()).toBe(0)
})

it('does not render a component again that asks for a role, until the roles are others', async () => {
  const { client } = setUp()
  await enter(client, 'ada', ['admin'])
  const { component, updates } = counting(() => {
    const { hasRole } = useAuth()
    return () => hasRole('admin')
  })
  const { element } = mountWith(createAuth(client), component)

  for (let i = 0; i < REFRESHES; i += 1) {
    await enter(client, 'ada', ['admin'])
    await nextTick()
  }
  expect(element.textContent).toBe('true')
  expect(updates()).toBe(0)

  await enter(client, 'ada', ['user'])
  await nextTick()
  expect(element.textContent).toBe('false')
  expect(updates()).toBe(1)
})

it('shows sign-in, renewal and sign-out to who reads them', async () => {
  const { client } = setUp()
  const { component, updates } = counting(() => {
    const { status, user, claims } = useAuth()
    return () => `${status.value} ${user.value?.name} ${claims.value?.sub} ${claims.value?.jti}`
  })
  const { element } = mountWith(createAuth(client), component)
  await client.start()

  await client.login(FORM)
  await nextTick()
  const first = element.textContent
  expect(first).toMatch(/^authenticated Ada ada token-/)

  await client.getAccessToken({ forceRefresh: true })
  await nextTick()
  expect(element.textContent).toMatch(/^authenticated Ada ada token-/)
  expect(element.textContent).not.toBe(first)

  await client.logout()
  await nextTick()
  expect(element.textContent).toBe('unauthenticated undefined undefined undefined')
  expect(updates()).toBe(4)
})

it('starts the client once, however many components ask', async () => {
  const { client } = setUp()
  const start = vi.spyOn(client, 'start')
  const subscribe = vi.spyOn(client, 'subscribe')
  const { component } = counting(() => {
    for (let i = 0; i < 20; i += 1) useAuth()
    return () => useAuth.name
  })

  mountWith(createAuth(client), component)
  await flushPromises()

  expect(start).toHaveBeenCalledTimes(1)
  expect(subscribe).toHaveBeenCalledTimes(1)
  expect(client.state.status).toBe('unauthenticated')
})

it('leaves no subscription behind when the app is unmounted', async () => {
  const { client } = setUp()
  let listeners = 0
  const { subscribe } = client
  vi.spyOn(client, 'subscribe').mockImplementation((listener) => {
    const off = subscribe(listener)
    listeners += 1
    return () => {
      listeners -= 1
      off()
    }
  })
  const auth = createAuth(client)
  const app = createApp(() => null).use(auth)
  app.mount(document.createElement('div'))
  expect(listeners).toBe(1)

  app.unmount()

  expect(listeners).toBe(0)
  await client.login(FORM)
  expect(auth.status.value).not.toBe('authenticated')
})

it('follows the client again when it is installed again', async () => {
  const { client } = setUp()
  const auth = createAuth(client)
  const first = createApp(() => null).use(auth)
  first.mount(document.createElement('div'))
  first.unmount()
  await client.login(FORM)

  const second = createApp(() => null).use(auth)
  second.mount(document.createElement('div'))
  onTestFinished(() => second.unmount())

  expect(auth.user.value?.name).toBe('Ada')
})

it('keeps two apps on two clients apart', async () => {
  const ours = setUp()
  const theirs = setUp({ baseUrl: 'https://other.test' })
  const who = () =>
    counting(() => {
      const { user, status } = useAuth()
      return () => user.value?.id ?? status.value
    }).component
  const ourApp = mountWith(createAuth(ours.client), who())
  const theirApp = mountWith(createAuth(theirs.client), who())

  await enter(ours.client, 'ada')
  await enter(theirs.client, 'bob')
  await nextTick()
  expect([ourApp.element.textContent, theirApp.element.textContent]).toEqual(['ada', 'bob'])

  await ours.client.logout()
  await nextTick()
  expect([ourApp.element.textContent, theirApp.element.textContent]).toEqual(['unauthenticated', 'bob'])
})

it('hands out refs that nobody can write', async () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue()
  onTestFinished(() => warn.mockRestore())
  const { client } = setUp()
  const auth = createAuth(client)

  for (const name of ['state', 'status', 'user', 'claims'] as const) {
    const before = auth[name].value
    Object.assign(auth[name], { value: 'mine' })
    expect(auth[name].value).toBe(before)
  }
  expect(warn).toHaveBeenCalledTimes(4)
})

it('has all that the client can do, free to be destructured', async () => {
  const { client } = setUp()
  const { login, logout, http, getAccessToken, status } = createAuth(client)
  const app = createSSRApp(() => null)

  await login(FORM)
  expect(await getAccessToken()).toMatch(/^ey/)
  expect((await http.get('todos')).status).toBe(200)
  await logout()

  expect(client.state.status).toBe('unauthenticated')
  expect(status.value).toBe('loading') // no app follows the client
  expect(() => app.runWithContext(useAuth)).toThrow('useAuth() needs app.use(createAuth(client)).')
})
