import { type AuthBackend, type JsonBackendOptions, jsonBackend } from 'latchkey'
import { FORM, type LoginForm, setUp } from '../support/client.ts'
import { createWire, type Sent } from '../support/wire.ts'

export const BASE = 'https://api.test'
export const TODOS = `${BASE}/todos`

export type Options = Partial<JsonBackendOptions<LoginForm, unknown>>
export type Answers = Record<string, (sent: Sent, index: number) => Response | Promise<Response>>

/** The answer with a pair of tokens, `a1` and `r1`. */
export const pair = (more: object = {}): Response => Response.json({ access_token: 'a1', refresh_token: 'r1', ...more })

export const bearer = (token: string | undefined) => ({ Authorization: `Bearer ${token}` })

/**
 * A client with these options, whose server answers by path; `seen` tells what left, a line a request. What options cannot
 * say, `members` replace.
 */
export function against(options: Options, answers: Answers = {}, members: Partial<AuthBackend<LoginForm>> = {}) {
  const counts = new Map<string, number>()
  const wire = createWire((sent) => {
    const { pathname } = sent.url
    const index = counts.get(pathname) ?? 0
    counts.set(pathname, index + 1)
    return (answers[pathname] ?? (() => pair()))(sent, index)
  })
  const backend = { ...jsonBackend<LoginForm>({ baseUrl: BASE, ...options }), ...members }
  const setup = setUp({ backend, attachTo: [BASE], fetch: wire.fetch, refresh: { when: 'on-demand' } })
  const seen = (): string[] =>
    wire.sent.map(({ init, url, authorization }) =>
      [init?.method ?? 'GET', url.pathname + url.search, init?.body ?? '', authorization ?? '']
        .filter(Boolean)
        .join(' '),
    )
  return { ...setup, sent: wire.sent, seen }
}

type Circle = ReturnType<typeof against>

/** Signs in, renews and signs out. */
export async function fullCircle({ client, seen }: Circle): Promise<string[]> {
  await client.login(FORM)
  await client.getAccessToken({ forceRefresh: true })
  await client.logout()
  return seen()
}

export const renew = ({ client }: Circle): Promise<string> => client.getAccessToken({ forceRefresh: true })
