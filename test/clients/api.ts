/** The mocked API of these tests: REST, GraphQL and tRPC behind one auth server. */
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { mockAuthServer, type ResolverInfo, signedOut } from 'latchkey/testing'
import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, beforeEach, onTestFinished, vi } from 'vitest'
import { auth, baseUrl } from './auth.ts'
import { execute } from './graphql.ts'
import { router } from './router.ts'
import { added, addTodo, findTodo } from './todos.ts'

export const server = mockAuthServer({ baseUrl })

/** Lets everybody through, and tells who it is: these servers refuse in words of their own. */
export async function usernameOf(info: ResolverInfo): Promise<string | undefined> {
  const answer = await server.protect(({ user }) => HttpResponse.text(user.username))(info)
  return answer?.ok ? answer.text() : undefined
}

export const network = setupServer(
  http.get(
    `${baseUrl}/todos/:id`,
    server.protect(({ params, user }) => HttpResponse.json(findTodo(Number(params.id), user.username))),
  ),
  http.post(
    `${baseUrl}/todos`,
    server.protect(async ({ request, user }) => {
      const { title } = (await request.clone().json()) as { title: string }
      return HttpResponse.json(addTodo(title, user.username))
    }),
  ),
  http.post(`${baseUrl}/graphql`, async (info) => {
    const username = await usernameOf(info)
    const result = await execute((await info.request.clone().json()) as Parameters<typeof execute>[0], username)
    return HttpResponse.json(result, { status: username ? 200 : 401 })
  }),
  http.all(`${baseUrl}/trpc/*`, async (info) => {
    const username = await usernameOf(info)
    return fetchRequestHandler({ endpoint: '/trpc', req: info.request, router, createContext: () => ({ username }) })
  }),
  ...server.handlers,
)

/** Lets the access token expire: the clocks jump, and timers stay real. */
export const letTimePass = () => vi.advanceTimersByTime(300_000)

/** Lets a renewal be due, and fail by what nobody but a developer can mend. */
export function misconfigure(): void {
  vi.stubGlobal('reportError', () => undefined)
  onTestFinished(() => void vi.unstubAllGlobals())
  letTimePass()
  server.fail('refresh', { status: 401, body: { error: 'invalid_client' } })
}

beforeAll(() => network.listen({ onUnhandledFrame: 'error' }))
// Once for the file: the client outlives each test, and its clocks must not go back.
beforeAll(() => vi.useFakeTimers({ toFake: ['Date', 'performance'], shouldAdvanceTime: true }))
beforeEach(async () => {
  letTimePass() // and with it every pause of the test before
  await signedOut(auth)
  await auth.login({ username: 'johndoe', password: 'password123' })
  server.forgetRequests()
})
afterEach(async () => {
  await server.settled().finally(server.reset)
  network.resetHandlers()
  added.length = 0
})
afterAll(() => network.close())
afterAll(() => vi.useRealTimers())
