import { useMutation, useQuery } from '@tanstack/react-query'
import { HTTPError } from 'latchkey'
import { RequireAuth, useAuthClient } from '../auth.tsx'
import { callProblem } from '../texts.ts'

interface Answer {
  message: string
}

/** A page for the role `admin`. The guard spares others a page that would be empty for them; the server guards the data. */
export function AdminPage() {
  return (
    <>
      <title>Admin · Latchkey with React</title>
      <RequireAuth roles={['admin']} forbidden={<Forbidden />}>
        <Secrets />
      </RequireAuth>
    </>
  )
}

function Secrets() {
  const auth = useAuthClient()
  const answer = useQuery({
    queryKey: ['admin'],
    queryFn: ({ signal }) => auth.http.get('admin', { signal }).json<Answer>(),
  })
  return (
    <section className="card" aria-labelledby="admin-title">
      <h2 id="admin-title">Admin</h2>
      {answer.isPending && <p className="hint">Loading…</p>}
      {answer.isError && <p className="error">{callProblem(answer.error)}</p>}
      {answer.data && <p>The server says: “{answer.data.message}”</p>}
    </section>
  )
}

function Forbidden() {
  const auth = useAuthClient()
  const ask = useMutation({ mutationFn: () => auth.http.get('admin').json<Answer>() })
  return (
    <section className="card" aria-labelledby="forbidden-title">
      <h2 id="forbidden-title">Not for you</h2>
      <p>
        This page needs the role <code>admin</code>, and your access token does not name it. That only decides what is
        shown here; the server looks for itself.
      </p>
      <button type="button" onClick={() => ask.mutate()}>
        Ask the server all the same
      </button>
      <p role="status" className="answer">
        {ask.error instanceof HTTPError && ask.error.response.status === 403
          ? '403 Forbidden: a new token would change nothing, so none was asked for, and you are still signed in.'
          : ask.error
            ? callProblem(ask.error)
            : ask.data?.message}
      </p>
    </section>
  )
}
