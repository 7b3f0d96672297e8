import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useAuth, useAuthClient } from '../auth.tsx'
import { Field } from '../field.tsx'
import { callProblem } from '../texts.ts'

interface Todo {
  id: string
  title: string
}

/** A list that belongs to one person. */
export function TodosPage() {
  return (
    <div className="columns">
      <title>Todos · Latchkey with React</title>
      <Todos />
      <Session />
    </div>
  )
}

function Todos() {
  const auth = useAuthClient()
  const queries = useQueryClient()
  const [title, setTitle] = useState('')
  const todos = useQuery({
    queryKey: ['todos'],
    queryFn: ({ signal }) => auth.http.get('todos', { signal }).json<Todo[]>(),
  })
  const add = useMutation({
    mutationFn: (json: { title: string }) => auth.http.post('todos', { json }).json<Todo>(),
    onSuccess: () => {
      setTitle('')
      return queries.invalidateQueries({ queryKey: ['todos'] })
    },
  })

  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (title && !add.isPending) add.mutate({ title })
  }

  return (
    <section className="card" aria-labelledby="todos-title">
      <h2 id="todos-title">Your todos</h2>
      {todos.isPending && <p className="hint">Loading…</p>}
      {todos.isError && <p className="error">{callProblem(todos.error)}</p>}
      <ul className="todos">
        {todos.data?.map((todo) => (
          <li key={todo.id}>{todo.title}</li>
        ))}
      </ul>
      <form className="add" onSubmit={submit}>
        <Field
          label="What is to be done?"
          value={title}
          onChange={(event) => setTitle(event.target.value)}
          autoComplete="off"
        />
        <button type="submit" aria-disabled={add.isPending}>
          Add
        </button>
        <p role="alert" className="error">
          {add.error && `Not added. ${callProblem(add.error)}`}
        </p>
      </form>
    </section>
  )
}

/** The only part of the app that reads all of the state, and so the only one that renders at each renewal. */
function Session() {
  const { auth, state } = useAuth()
  if (state.status !== 'authenticated') return null
  const until = state.expiresAt && new Date(state.expiresAt).toLocaleTimeString()
  return (
    <section className="card" aria-labelledby="session-now">
      <h2 id="session-now">Your session</h2>
      <dl className="facts">
        <div>
          <dt>Signed in as</dt>
          <dd>{state.user?.username}</dd>
        </div>
        <div>
          <dt>Roles</dt>
          <dd>{state.claims?.roles?.join(', ')}</dd>
        </div>
        <div>
          <dt>Access token until</dt>
          <dd id="until">{until}</dd>
        </div>
      </dl>
      <button type="button" onClick={() => auth.getAccessToken({ forceRefresh: true }).catch(() => undefined)}>
        Renew it now
      </button>
      <p className="hint">
        It is renewed by itself as well, once for all tabs. Only this card renders then: the others read less of the
        state.
      </p>
    </section>
  )
}
