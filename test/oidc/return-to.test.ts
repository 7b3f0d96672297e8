import fc from 'fast-check'
import { memoryStorage } from 'latchkey'
import { describe, expect, it } from 'vitest'
import { createScene, HOME, type Scene, until } from './scene.ts'

/** What `start()` hands back after a sign-in with `returnTo`. */
async function byLogin({ open, leave, goTo, provider }: Scene, returnTo: string): Promise<string | undefined> {
  const page = open()
  goTo(provider.authorize(await leave(page, { returnTo })))
  page.client.dispose()
  const next = open()
  const result = await next.client.start()
  expect(result.status).toBe('authenticated')
  next.client.dispose()
  return result.returnTo
}

/** What `start()` hands back after a sign-out with `returnTo`. */
async function byLogout({ open, signIn, left, goTo, provider }: Scene, returnTo: string): Promise<string | undefined> {
  const { client } = await signIn()
  const before = left().length
  client.logout({ returnTo }).catch(() => undefined)
  await until(() => left().length > before)
  goTo(provider.signOut(left().at(-1) as URL))
  const result = await open().client.start()
  expect(result.status).toBe('unauthenticated')
  client.dispose()
  return result.returnTo
}

const inside: [returnTo: string, path: string][] = [
  ['/inbox?unread#first', '/inbox?unread#first'],
  ['/', '/'],
  ['inbox', '/inbox'],
  ['?tab=2', '/callback?tab=2'],
  ['#/inbox', '/callback#/inbox'],
  ['../../inbox', '/inbox'],
  ['http://localhost:3000/inbox', '/inbox'],
  ['HTTP://LOCALHOST:3000/inbox', '/inbox'],
  ['http:\\\\localhost:3000\\inbox', '/inbox'],
  ['http://ada:secret@localhost:3000/inbox', '/inbox'],
  ['http://localhost:3000//evil.test', '/evil.test'],
  ['/.//evil.test', '/evil.test'],
  ['/./\\evil.test', '/evil.test'],
  ['/%2f%2fevil.test', '/%2f%2fevil.test'],
  ['/\u0000/evil.test', '/%00/evil.test'],
  ['/redirect?to=https://evil.test', '/redirect?to=https://evil.test'],
]

const outside = [
  'https://evil.test/',
  '//evil.test',
  '///evil.test',
  '/\\evil.test',
  '\\/evil.test',
  '\\\\evil.test',
  '/\t/evil.test',
  '/\n\\evil.test',
  '\u0000//evil.test',
  ' //evil.test',
  '//localhost:3000@evil.test',
  'http://localhost:3000@evil.test',
  'http://localhost:3000.evil.test',
  'http://localhost/inbox',
  'http://localhost:3001/inbox',
  'https://localhost:3000/inbox',
  'http://',
  'javascript:alert(1)',
  'JavaScript:alert(1)',
  'java\nscript:alert(1)',
  'javascript://localhost:3000/%0aalert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'file:///etc/passwd',
  'about:blank',
  'blob:http://localhost:3000/inbox',
  'blob:http://localhost:3000//evil.test',
  'mailto:eve@evil.test',
]

describe('T15: where the app wants to go after a sign-in', () => {
  it.each(inside)('%j comes as %j', async (returnTo, path) => {
    expect(await byLogin(await createScene(), returnTo)).toBe(path)
  })

  it.each(outside)('is dropped if it leads elsewhere: %j', async (returnTo) => {
    expect(await byLogin(await createScene(), returnTo)).toBeUndefined()
  })

  it('is in no URL on the way', async () => {
    const { open, leave, goTo, provider, left } = await createScene()
    const back = provider.authorize(await leave(open(), { returnTo: '/secret-plan' }))
    goTo(back)
    await open().client.start()
    expect([...left(), back, ...provider.requests.map(({ url }) => url)].join()).not.toContain('secret-plan')
  })

  it('is what the app had said, though the provider says something else', async () => {
    const { open, leave, goTo, provider } = await createScene()
    const back = provider.authorize(await leave(open(), { returnTo: '/inbox' }))
    for (const name of ['returnTo', 'return_to', 'redirect']) back.searchParams.append(name, '//evil.test')
    goTo(back)
    expect(await open().client.start()).toHaveProperty('returnTo', '/inbox')
  })

  it('is told once: after a reload it is gone', async () => {
    const scene = await createScene()
    expect(await byLogin(scene, '/inbox')).toBe('/inbox')
    expect(await scene.open().client.start()).not.toHaveProperty('returnTo')
  })

  it('is nothing where the app did not say', async () => {
    const { signIn } = await createScene()
    expect((await signIn()).result).not.toHaveProperty('returnTo')
  })
})

const options = { oidc: { postLogoutRedirectUri: '/goodbye' } }

describe('T15: where the app wants to go after a sign-out', () => {
  it.each([
    ['/welcome?again', '/welcome?again'],
    ['http://localhost:3000//evil.test', '/evil.test'],
  ])('%j comes as %j', async (returnTo, path) => {
    expect(await byLogout(await createScene(options), returnTo)).toBe(path)
  })

  it.each(['https://evil.test/', '//evil.test', '/\\evil.test', '/\t/evil.test', 'javascript:alert(1)'])(
    'is dropped if it leads elsewhere: %j',
    async (returnTo) => {
      expect(await byLogout(await createScene(options), returnTo)).toBeUndefined()
    },
  )
})

describe('T15: whatever anybody writes', () => {
  const piece = fc.constantFrom(
    ...['/', '\\', '//', ':', '.', '..', '@', '?', '#', '%2f', '%5c', '%00', '\t', '\n', ' ', '\u0000', '\uff0f'],
    ...['http:', 'https:', 'javascript:', 'data:', 'localhost:3000', 'evil.test', 'localhost', 'inbox', '3000'],
  )
  const spelling = fc.oneof(
    fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
    fc.string(),
    fc.webUrl(),
  )

  it('the app is handed a path of its own origin, or nothing', async () => {
    const scene = await createScene(options)
    const { client } = await scene.signIn()
    client.logout({ returnTo: '/' }).catch(() => undefined)
    await until(() => scene.left().length > 1)
    const back = scene.provider.signOut(scene.left().at(-1) as URL)
    const [key = '', text = ''] = Object.entries(sessionStorage).find(([, each]) => each.includes('"logout"')) ?? []
    await fc.assert(
      fc.asyncProperty(spelling, async (returnTo) => {
        sessionStorage.setItem(key, JSON.stringify({ ...JSON.parse(text), returnTo }))
        scene.goTo(back)
        const page = scene.open({ storage: memoryStorage() })
        const { returnTo: path } = await page.client.start()
        page.client.dispose()
        expect(location.search).toBe('')
        if (!path) return
        expect(path).toMatch(/^\/(?![/\\])/)
        expect(new URL(path, HOME).origin).toBe(new URL(HOME).origin)
      }),
      { numRuns: 300 },
    )
  })
})
