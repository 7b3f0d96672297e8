import { memoryStorage, type TokenStorage } from 'latchkey'
import { expect, it, vi } from 'vitest'
import { ownPath } from '../../../examples/vue/own-path.ts'
import { enter, FORM, flushPromises, openApp, setUp, until } from './support.ts'

it('sends who is not signed in to sign in, and remembers where they wanted to go', async () => {
  const { client } = setUp()

  const { router, element } = await openApp(client, '/todos?sort=name#end')

  expect(router.currentRoute.value.path).toBe('/sign-in')
  expect(router.currentRoute.value.query).toEqual({ to: '/todos?sort=name#end' })
  expect(element.querySelector('h1')?.textContent).toBe('Sign in')
})

it('waits until it is known who is there', async () => {
  const kept = memoryStorage()
  const before = setUp({ storage: kept }).client
  await before.login(FORM)
  before.dispose()
  let answer = () => {}
  const storage: TokenStorage = {
    ...kept,
    getItem: (key) =>
      new Promise((resolve) => {
        answer = () => resolve(kept.getItem(key))
      }),
  }
  const { client } = setUp({ storage })

  const { router, element } = await openApp(client, '/') // a public page waits for nobody
  expect(element.textContent).toContain('Looking for your session')
  const going = router.push('/todos')
  await flushPromises()
  expect(router.currentRoute.value.path).toBe('/')

  answer()
  await going
  expect(router.currentRoute.value.path).toBe('/todos')
})

it('lets people in who are signed in', async () => {
  const { client } = setUp()
  await client.login(FORM)

  const { router, element } = await openApp(client, '/account')

  expect(router.currentRoute.value.path).toBe('/account')
  expect(element.querySelector('dd')?.textContent).toBe('Ada')
})

it('lets people with the role in, and tells the others that the page is not for them', async () => {
  const { client } = setUp()
  await enter(client, 'ada', ['user'])
  const { router } = await openApp(client, '/admin')
  expect(router.currentRoute.value.fullPath).toBe('/forbidden?to=/admin')

  await enter(client, 'root', ['user', 'admin'])
  await router.push('/admin')
  expect(router.currentRoute.value.path).toBe('/admin')
})

it('sends nobody to the page for other roles who is not signed in at all', async () => {
  const { client } = setUp()

  const { router } = await openApp(client, '/admin')

  expect(router.currentRoute.value.fullPath).toBe('/sign-in?to=/admin')
})

it('looks again when somebody else is signed in on the same page', async () => {
  const { client } = setUp()
  await enter(client, 'root', ['admin'])
  const { router } = await openApp(client, '/admin')

  await enter(client, 'ada', ['user'])

  await until(() => router.currentRoute.value.path === '/forbidden')
})

it('goes where the person wanted to go after signing in, with the page that was asked for', async () => {
  const { client } = setUp()
  const { router } = await openApp(client, '/account?tab=2')

  await client.login(FORM)

  await until(() => router.currentRoute.value.fullPath === '/account?tab=2')
})

it('goes on even when a redirect login has failed: it is known then that nobody is signed in', async () => {
  const { client } = setUp()
  vi.spyOn(client, 'start').mockRejectedValue(new Error('access_denied'))
  await client.logout() // the state is settled all the same

  const { router } = await openApp(client, '/todos')

  expect(router.currentRoute.value.path).toBe('/sign-in')
})

it.each([
  ['/todos', '/todos'],
  ['/todos?sort=name#end', '/todos?sort=name#end'],
  ['todos', '/todos'],
  ['', '/'],
  [undefined, '/'],
  [['/todos', '/account'], '/'],
  ['//evil.example', '/'],
  ['/\\evil.example', '/'],
  ['\t//evil.example', '/'],
  ['/.//evil.example', '/evil.example'],
  ['https://evil.example/todos', '/'],
  ['http://', '/'],
  ['blob:https://here.invalid//x', '/'],
  ['http://here.invalid/x', '/'],
  ['javascript:alert(1)', '/'],
  ['data:text/html,hi', '/'],
])('takes %j for the path %s of this app', (to, path) => {
  expect(ownPath(to)).toBe(path)
})
