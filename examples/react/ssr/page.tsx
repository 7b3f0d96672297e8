import type { TokenResponse } from 'latchkey'
import { useAuthState } from '../auth.tsx'
import type { User } from '../client.ts'

/** What server and browser render from: the browser finds it in the page, as JSON. */
export interface PageData {
  /** The access token that the server had, and whose it is. */
  readonly initial?: TokenResponse<User> | undefined
  readonly todos: readonly { id: string; title: string }[]
}

/** The page, by the same hooks on both sides. */
export function Page({ todos }: Pick<PageData, 'todos'>) {
  const name = useAuthState((state) => state.status === 'authenticated' && (state.user?.name ?? 'somebody'))
  if (!name) return <p>Looking for a session…</p>
  return (
    <>
      <h1>Welcome back, {name}</h1>
      <ul>
        {todos.map(({ id, title }) => (
          <li key={id}>{title}</li>
        ))}
      </ul>
    </>
  )
}
