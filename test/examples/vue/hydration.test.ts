import { flushPromises } from '@vue/test-utils'
import { HttpResponse, http } from 'msw'
import { expect, it, onTestFinished, vi } from 'vitest'
import { hydrate } from '../../../examples/vue/hydrate.ts'
import { renderPage } from '../../../examples/vue/ssr.ts'
import { network } from '../../support/network.ts'
import { serveTodos, tokensOf, until } from './support.ts'

const baseUrl = 'https://api.test'

/** Puts a page into the document as the server sends it. */
async function serve(path: string, username?: string, opaque?: string) {
  serveTodos(baseUrl)
  network.use(http.post(`${baseUrl}/logout`, () => new HttpResponse(null, { status: 204 })))
  if (opaque) network.use(http.get(`${baseUrl}/todos`, () => HttpResponse.json([{ id: '1', title: `of ${opaque}` }])))
  const named = username === undefined ? undefined : tokensOf(username, ['user'])
  const initial = opaque ? { ...named, accessToken: opaque } : named
  const { html, script } = await renderPage({ baseUrl, path, initial })
  history.replaceState(null, '', path)
  document.body.innerHTML = `<div id="app">${html}</div>${script}`
  const complaints = [vi.spyOn(console, 'warn').mockReturnValue(), vi.spyOn(console, 'error').mockReturnValue()]
  onTestFinished(() => {
    document.body.innerHTML = ''
    localStorage.clear()
    for (const each of complaints) each.mockRestore()
  })
  const root = document.getElementById('app') as HTMLElement
  return { root, html, complaints: () => complaints.flatMap((each) => each.mock.calls) }
}

/** Brings it to life; the app is gone when the test has finished. */
async function comeAlive(root: Element) {
  const parts = await hydrate(baseUrl, root)
  onTestFinished(() => {
    if (root.childElementCount > 0) parts.app.unmount()
    parts.auth.client.dispose()
  })
  return parts
}

it.each(['/', '/todos', '/account', '/forbidden', '/nowhere'])('hydrates %s without a mismatch', async (path) => {
  const { root, complaints } = await serve(path, 'ada')
  const rendered = [...root.querySelectorAll('*')]
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5000 }) // no two computers have the same clock
  onTestFinished(() => {
    vi.useRealTimers()
  })

  const { auth } = await comeAlive(root)
  await flushPromises()

  const alive = [...root.querySelectorAll('*')]
  expect(alive).toHaveLength(rendered.length)
  expect(alive.every((each, index) => each === rendered[index])).toBe(true)
  expect(auth.user.value?.id).toBe('ada')
  expect(complaints()).toEqual([])
})

it('lives after that: a sign-out shows', async () => {
  const { root, complaints } = await serve('/', 'ada')
  const { auth } = await comeAlive(root)

  await auth.logout()
  await flushPromises()

  expect(root.textContent).toContain('You have signed out.')
  expect(complaints()).toEqual([])
})

it.each(['/', '/sign-in', '/nowhere'])('hydrates %s for an anonymous visitor, too', async (path) => {
  const { root, complaints } = await serve(path)
  const rendered = [...root.querySelectorAll('*')]

  const { auth } = await comeAlive(root)

  expect(auth.status.value).toBe('unauthenticated')
  expect([...root.querySelectorAll('*')].every((each, index) => each === rendered[index])).toBe(true)
  expect(complaints()).toEqual([])
})

it.each([
  ['somebody else', 'ada'],
  ['nobody', undefined],
])('renders the page anew where the server knew %s and the browser knows better', async (_who, known) => {
  const before = await comeAlive((await serve('/', 'bob')).root)
  before.app.unmount()
  const { root, complaints } = await serve('/todos', known)

  const { auth, pinia } = await comeAlive(root)

  expect(auth.user.value?.id).toBe('bob')
  expect(root.querySelector('#who')?.textContent).toBe('bob')
  expect(root.querySelectorAll('header')).toHaveLength(1)
  expect(JSON.stringify(pinia.state.value)).not.toContain('to-do of ada')
  await until(() => root.textContent?.includes('to-do of bob'))
  expect(complaints()).toEqual([])
})

it.each([
  ['whose user is known', 'ada', 'bob'],
  ['of whom nothing is known', undefined, undefined],
])('renders the page anew for another person %s, where tokens cannot be read', async (_which, known, other) => {
  network.use(http.get(`${baseUrl}/me`, () => new HttpResponse(null, { status: 404 })))
  const before = await comeAlive((await serve('/', other, 'opaque-bob')).root)
  before.app.unmount()
  const { root } = await serve('/todos', known, 'opaque-ada')
  expect(root.textContent).toContain('of opaque-ada')
  network.use(http.get(`${baseUrl}/todos`, () => HttpResponse.json([])))

  const { pinia } = await comeAlive(root)

  expect(JSON.stringify(pinia.state.value)).not.toContain('of opaque-ada')
})
