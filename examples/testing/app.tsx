import { type SubmitEvent, useState, useSyncExternalStore } from 'react'
import { auth } from './client.ts'

/** The app under test: a form, or a greeting with a list to load. */
export function App() {
  const state = useSyncExternalStore(auth.subscribe, () => auth.state)
  const [todos, setTodos] = useState('')
  if (state.status === 'loading') return <p>One moment …</p>
  if (state.status === 'unauthenticated') {
    const hasEnded = state.reason === 'revoked' || state.reason === 'expired'
    return <SignIn message={hasEnded ? 'Your session has ended. Please sign in again.' : 'Please sign in.'} />
  }

  const load = async () => {
    const list = auth.http.get('todos').json<string[]>()
    setTodos(
      await list.then(
        (todos) => todos.join(', '),
        () => 'The list cannot be had now.',
      ),
    )
  }
  return (
    <>
      <h1>Hello {state.user?.name}</h1>
      {state.user?.roles.includes('admin') && <a href="/admin">Administration</a>}
      <button type="button" onClick={load}>
        Load
      </button>
      <button type="button" onClick={() => auth.logout()}>
        Sign out
      </button>
      <p role="status">{todos}</p>
    </>
  )
}

function SignIn({ message }: { message: string }) {
  const [problem, setProblem] = useState('')
  const submit = async (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const fields = new FormData(event.currentTarget)
    const [username, password] = ['username', 'password'].map((name) => String(fields.get(name)))
    const signIn = auth.login({ username: username ?? '', password: password ?? '' })
    await signIn.catch(() => setProblem('That did not work.'))
  }
  return (
    <form onSubmit={submit}>
      <p role="status">{problem || message}</p>
      <input name="username" aria-label="Username" />
      <input name="password" aria-label="Password" type="password" />
      <button type="submit">Sign in</button>
    </form>
  )
}
