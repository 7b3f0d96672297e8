// @vitest-environment node
import { expect, it } from 'vitest'
import { foreignPage, page, startServer } from './harness.ts'

type Server = Awaited<ReturnType<typeof startServer>>

const preflight = (server: Server, Origin: string, path = '/todos') =>
  fetch(server.url + path, {
    method: 'OPTIONS',
    headers: {
      Origin,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization,content-type,x-auth-request',
    },
  })

it('lets a listed page send its headers, and read the ones that tell what to do', async () => {
  const server = await startServer()

  const asked = await preflight(server, page)
  const answered = await server.get('/todos', { Origin: page })

  expect(asked.status).toBe(204)
  expect(asked.headers.get('Access-Control-Allow-Origin')).toBe(page)
  expect(asked.headers.get('Access-Control-Allow-Headers')?.toLowerCase().split(',')).toEqual([
    'authorization',
    'content-type',
    'x-auth-request',
  ])
  expect(asked.headers.get('Access-Control-Max-Age')).toBe('600')
  expect(answered.status).toBe(401)
  expect(answered.headers.get('Access-Control-Allow-Origin')).toBe(page)
  expect(answered.headers.get('Access-Control-Expose-Headers')?.split(',')).toEqual(['WWW-Authenticate', 'Retry-After'])
  expect(answered.headers.get('Vary')).toContain('Origin')
})

it.each([foreignPage, 'null', 'http://localhost:5174', `${page}.evil.example`])(
  'allows nothing to %s',
  async (origin) => {
    const server = await startServer()

    expect((await preflight(server, origin)).headers.get('Access-Control-Allow-Origin')).toBeNull()
    expect((await server.get('/public', { Origin: origin })).headers.get('Access-Control-Allow-Origin')).toBeNull()
  },
)

it('allows credentials in cookie mode alone', async () => {
  const [body, cookie] = await Promise.all([startServer(), startServer({ refreshTokenIn: 'cookie' })])

  expect((await preflight(body, page)).headers.get('Access-Control-Allow-Credentials')).toBeNull()
  expect((await preflight(cookie, page)).headers.get('Access-Control-Allow-Credentials')).toBe('true')
})

it('lets a listed page use the control route, and read injected failures', async () => {
  const server = await startServer({ control: true })
  await server.post('/control', { fail: { route: 'api', status: 503 } })

  expect((await preflight(server, page, '/control')).headers.get('Access-Control-Allow-Origin')).toBe(page)
  const broken = await server.get('/todos', { Origin: page })
  expect(broken.status).toBe(503)
  expect(broken.headers.get('Access-Control-Allow-Origin')).toBe(page)
})
