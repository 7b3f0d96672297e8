import { AuthClient, type AuthClientOptions, jsonBackend, type LoginFields } from 'latchkey'
import { type MockAuthServer, type MockAuthServerOptions, mockAuthServer } from 'latchkey/testing'
import { onTestFinished } from 'vitest'
import { network } from '../support/network.ts'

export const BASE = 'https://api.test'
export const JOHN = { username: 'johndoe', password: 'password123' }

/** An answer, read. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

/** Opens a server that answers by msw. */
export function open<Form extends object = LoginFields>(options: Partial<MockAuthServerOptions<Form>> = {}) {
  const server = mockAuthServer<Form>({ baseUrl: BASE, ...options })
  network.use(...server.handlers)
  return server
}

/** Creates a client; it is gone when the test has finished. */
export function create(options: AuthClientOptions<LoginFields> = {}): AuthClient {
  const auth = new AuthClient({ baseUrl: BASE, ...options })
  onTestFinished(() => auth.dispose())
  return auth
}

/** Opens a server, and a client that speaks to it with the same options. */
export function openBoth<Form extends object = LoginFields>(options: Partial<MockAuthServerOptions<Form>> = {}) {
  const server = open(options)
  const backend = options.backend ?? jsonBackend<Form, unknown>({ baseUrl: BASE, ...options })
  const auth = new AuthClient<Form>({ baseUrl: BASE, backend })
  onTestFinished(() => auth.dispose())
  return { server, auth }
}

/** Calls a server without any client, as somebody would by curl. */
export async function call(
  server: MockAuthServer,
  path: string,
  { token, ...init }: RequestInit & { token?: unknown } = {},
): Promise<Answer> {
  const headers = { ...(token !== undefined && { Authorization: `Bearer ${token}` }), ...init.headers }
  const response = await server.fetch(`${BASE}/${path}`, { ...init, headers })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : {} }
}

/** Posts JSON. */
export function post(server: MockAuthServer, path: string, fields: object, headers: Record<string, string> = {}) {
  return call(server, path, {
    method: 'POST',
    body: JSON.stringify(fields),
    headers: { 'Content-Type': 'application/json', ...headers },
  })
}

/** Renews by a refresh token in the body. */
export const renew = (server: MockAuthServer, refreshToken: unknown): Promise<Answer> =>
  post(server, 'refresh', { refresh_token: refreshToken })
