/** Each client, as its users call it, and what it makes of trouble. */
import { gql, ServerError, type TypedDocumentNode } from '@apollo/client'
import { CancelledError } from '@tanstack/react-query'
import { createTRPCClient, httpBatchLink, TRPCClientError } from '@trpc/client'
import { AxiosError } from 'axios'
import { AuthError, type AuthErrorCode } from 'latchkey/core'
import { expect } from 'vitest'
import { apollo } from './apollo.ts'
import { auth, baseUrl } from './auth.ts'
import { api } from './axios.ts'
import { xhr } from './axios-xhr.ts'
import { client } from './openapi-fetch.ts'
import type { AppRouter } from './router.ts'
import { queries } from './tanstack-query.ts'
import type { Todo } from './todos.ts'
import { trpc } from './trpc.ts'

/** A client, and how the same things are done with it. */
export interface Case {
  readonly name: string
  readonly read: (id: number, signal?: AbortSignal) => Promise<Todo | undefined>
  readonly add: (title: string) => Promise<Todo | undefined>
  /** A request to another origin. */
  readonly elsewhere: () => Promise<unknown>
  /** What a call rejects with when Latchkey has rejected with this code. */
  readonly failure: (code: AuthErrorCode) => unknown
  /** What reading rejects with when the session ends meanwhile, where that is not `login_required`. */
  readonly dropped?: unknown
  /** What a call rejects with when the server has answered 401. */
  readonly refusal: unknown
  /** How often it tries by itself what is refused. @default 1 */
  readonly tries?: number
  /** Whether ten calls are one request. */
  readonly isBatching?: true
  /** Whether it sends nothing while nobody is signed in. */
  readonly needsSomebody?: true
  /** Whether its errors have the token in them, but for their JSON. */
  readonly keepsToken?: true
  /** Whether it cannot be sent to another origin at all. */
  readonly staysHome?: true
  /** What an aborted call rejects with. */
  readonly aborted: unknown
}

const ELSEWHERE = 'https://elsewhere.test'
const failure = (code: AuthErrorCode): unknown => expect.objectContaining({ constructor: AuthError, code })
const cancelled = expect.objectContaining({ constructor: CancelledError })
const aborted = expect.objectContaining({ constructor: DOMException, name: 'AbortError' })

const TODO: TypedDocumentNode<{ todo: Todo }, { id: number }> = gql`
  query Read($id: Int!) { todo(id: $id) { id title by } }
`
const ADD: TypedDocumentNode<{ add: Todo }, { title: string }> = gql`
  mutation Add($title: String!) { add(title: $title) { id title by } }
`

/** openapi-fetch rejects for no status, and its `error` is empty where the answer is. */
function dataOf<T>({ data, error, response }: { data?: T; error?: unknown; response: Response }): T | undefined {
  if (!response.ok) throw new Error(`${response.status}`, { cause: error })
  return data
}

/** As in the documents of TanStack Query: `fetch` rejects for no status. */
async function load(path: string, init?: RequestInit): Promise<Todo> {
  const response = await auth.fetch(`${baseUrl}/${path}`, init)
  if (!response.ok) throw new Error(`${response.status}`)
  return response.json() as Promise<Todo>
}

export const cases: readonly Case[] = [
  {
    name: 'openapi-fetch',
    read: async (id, signal) =>
      dataOf(await client.GET('/todos/{id}', { params: { path: { id } }, signal: signal ?? null })),
    add: async (title) => dataOf(await client.POST('/todos', { body: { title } })),
    elsewhere: () => client.GET('/todos/{id}', { params: { path: { id: 1 } }, baseUrl: ELSEWHERE }),
    failure,
    refusal: expect.objectContaining({ message: '401', cause: expect.objectContaining({ error: expect.any(String) }) }),
    aborted,
  },
  {
    name: 'axios, by fetch',
    read: async (id, signal) => (await api.get<Todo>(`/todos/${id}`, signal && { signal })).data,
    add: async (title) => (await api.post<Todo>('/todos', { title })).data,
    elsewhere: () => api.get(`${ELSEWHERE}/todos/1`),
    failure: (code) => expect.objectContaining({ constructor: AxiosError, code, cause: failure(code) }),
    refusal: expect.objectContaining({ constructor: AxiosError, code: 'ERR_BAD_REQUEST', status: 401 }),
    aborted: expect.objectContaining({ code: 'ERR_CANCELED' }),
  },
  {
    name: 'Apollo Client',
    read: async (id, signal) => {
      const context = signal && { fetchOptions: { signal } }
      const variables = { id }
      return (await apollo.query({ query: TODO, variables, fetchPolicy: 'network-only', ...(context && { context }) }))
        .data?.todo
    },
    add: async (title) => (await apollo.mutate({ mutation: ADD, variables: { title } })).data?.add,
    elsewhere: () => apollo.query({ query: TODO, variables: { id: 1 }, context: { uri: `${ELSEWHERE}/graphql` } }),
    failure,
    dropped: expect.objectContaining({ message: expect.stringContaining('Store reset while query was in flight') }),
    refusal: expect.objectContaining({ constructor: ServerError, statusCode: 401 }),
    aborted,
  },
  {
    name: 'tRPC',
    isBatching: true,
    read: (id, signal) => trpc.read.query(id, signal && { signal }),
    add: (title) => trpc.add.mutate(title),
    elsewhere: () => {
      const link = httpBatchLink({
        url: `${ELSEWHERE}/trpc`,
        fetch: (url, init) => auth.fetch(url, init as RequestInit),
      })
      return createTRPCClient<AppRouter>({ links: [link] }).motd.query()
    },
    failure: (code) => expect.objectContaining({ constructor: TRPCClientError, cause: failure(code) }),
    refusal: expect.objectContaining({
      constructor: TRPCClientError,
      data: expect.objectContaining({ code: 'UNAUTHORIZED', httpStatus: 401 }),
    }),
    aborted: expect.objectContaining({ constructor: TRPCClientError, cause: aborted }),
  },
  {
    name: 'TanStack Query',
    tries: 4,
    read: (id, signal) => {
      const queryKey = ['todos', id]
      signal?.addEventListener('abort', () => void queries.cancelQueries({ queryKey }))
      return queries.fetchQuery({ queryKey, retryDelay: 0, queryFn: ({ signal }) => load(`todos/${id}`, { signal }) })
    },
    add: (title) => {
      const body = JSON.stringify({ title })
      const mutationFn = () => load('todos', { method: 'POST', body })
      return queries.getMutationCache().build(queries, { mutationFn }).execute(undefined)
    },
    elsewhere: () => auth.fetch(`${ELSEWHERE}/todos/1`),
    failure,
    dropped: cancelled,
    refusal: expect.objectContaining({ message: '401' }),
    aborted: cancelled,
  },
  {
    name: 'axios, by XHR',
    needsSomebody: true,
    keepsToken: true,
    staysHome: true,
    read: async (id, signal) => (await xhr.get<Todo>(`/todos/${id}`, signal && { signal })).data,
    add: async (title) => (await xhr.post<Todo>('/todos', { title })).data,
    elsewhere: () => xhr.get(`${ELSEWHERE}/todos/1`),
    failure,
    refusal: failure('login_required'),
    aborted: expect.objectContaining({ code: 'ERR_CANCELED' }),
  },
]
