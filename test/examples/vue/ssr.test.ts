// @vitest-environment node
import { HttpResponse, http } from 'msw'
import { expect, it, onTestFinished, vi } from 'vitest'
import { renderPage } from '../../../examples/vue/ssr.ts'
import { jwt } from '../../support/jwt.ts'
import { network } from '../../support/network.ts'
import { serveTodos, tokensOf } from './support.ts'

const baseUrl = 'https://api.test'

it('renders the page of a person who is signed in, with their data', async () => {
  serveTodos(baseUrl)

  const { html, path } = await renderPage({ baseUrl, path: '/todos', initial: tokensOf('ada') })

  expect(path).toBe('/todos')
  expect(html).toContain('<span id="who">ada</span>')
  expect(html).toContain('to-do of ada')
})

it('renders the sign-in page for who is not, and says which page that is', async () => {
  const { html, path, script } = await renderPage({ baseUrl, path: '/todos' })

  expect(path).toBe('/sign-in?to=/todos')
  expect(html).toContain('<h1 id="page-title">Sign in</h1>')
  expect(script).toBe('<script type="application/json" id="handed-over">{"stores":{}}</script>')
})

it('never mixes two people whose pages are rendered at the same time', async () => {
  const asked = serveTodos(baseUrl)
  const people = ['ada', 'bob', 'ada', 'cleo', 'bob']

  const pages = await Promise.all(
    people.map((sub) => renderPage({ baseUrl, path: '/todos', initial: tokensOf(sub, ['user']) })),
  )

  expect(asked.toSorted()).toEqual(people.toSorted())
  pages.forEach(({ html, script }, index) => {
    const own = people[index] as string
    for (const sub of new Set(people)) {
      expect(html.includes(`to-do of ${sub}`)).toBe(sub === own)
      expect(html.includes(`<span id="who">${sub}</span>`)).toBe(sub === own)
      expect(script.includes(`"username":"${sub}"`)).toBe(sub === own)
    }
  })
})

it('aborts with the page what is never answered', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  let isAborted = false
  network.use(
    http.get(`${baseUrl}/me`, ({ request }) => {
      request.signal.addEventListener('abort', () => {
        isAborted = true
      })
      return new Promise<never>(() => {})
    }),
  )

  const rendering = renderPage({ baseUrl, path: '/account', initial: { accessToken: jwt({ sub: 'x' }) } })
  await vi.advanceTimersByTimeAsync(3000)
  expect((await rendering).path).toBe('/account')

  expect(isAborted).toBe(true)
})

it('asks the server who it is where the tokens do not say so', async () => {
  network.use(http.get(`${baseUrl}/me`, () => HttpResponse.json({ id: 'x', name: 'Xaver' })))

  const { html, path } = await renderPage({ baseUrl, path: '/admin', initial: { accessToken: jwt({ sub: 'x' }) } })

  expect(path).toBe('/forbidden?to=/admin')
  expect(html).toContain('<span id="who">Xaver</span>')
})

it('writes a script that no to-do can end', async () => {
  serveTodos(baseUrl, () => '</script><script>alert(1)</script>')

  const { script } = await renderPage({ baseUrl, path: '/todos', initial: tokensOf('ada') })

  expect(script.match(/<\/script>/g)).toHaveLength(1)
  const { stores } = JSON.parse(script.replace(/^<script[^>]*>|<\/script>$/g, ''))
  expect(stores.todos.items[0].title).toBe('</script><script>alert(1)</script>')
})
