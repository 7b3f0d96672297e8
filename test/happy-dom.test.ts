import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, beforeAll, expect, it } from 'vitest'

const server = setupServer(
  http.post('http://localhost:3000/echo', async ({ request }) => HttpResponse.text(await request.text())),
)
beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
afterAll(() => server.close())

it('gives tests a page at http://localhost:3000/ with storage, cookies and events', () => {
  expect(location.href).toBe('http://localhost:3000/')
  localStorage.setItem('key', 'value')
  expect(localStorage.getItem('key')).toBe('value')
  document.cookie = 'key=value'
  expect(document.cookie).toBe('key=value')
  let heard: unknown
  window.addEventListener('online', (event) => (heard = event), { once: true })
  const event = new Event('online')
  window.dispatchEvent(event)
  expect(heard).toBe(event)
})

it('lets msw answer a native fetch with every kind of body', async () => {
  const form = new FormData()
  form.set('file', new File(['content'], 'name.txt'))
  const bodies: [BodyInit, string][] = [
    ['text', 'text'],
    [new URLSearchParams({ a: '1' }), 'a=1'],
    [new Blob(['blob']), 'blob'],
    [new TextEncoder().encode('bytes'), 'bytes'],
    [form, 'content'],
  ]
  for (const [body, expected] of bodies) {
    const request = new Request(new URL('/echo', location.href), { method: 'POST', body, headers: new Headers() })
    const response = await fetch(request.clone(), { signal: new AbortController().signal })
    expect(response).toBeInstanceOf(Response)
    expect(await response.text()).toContain(expected)
  }
})

it('rejects an aborted fetch as browsers do', async () => {
  const attempt = fetch('http://localhost:3000/echo', { method: 'POST', signal: AbortSignal.abort() })
  await expect(attempt).rejects.toBeInstanceOf(DOMException)
  await expect(attempt).rejects.toHaveProperty('name', 'AbortError')
})
