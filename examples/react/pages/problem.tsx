import { Link } from 'react-router'

/** For addresses that lead nowhere. */
export function MissingPage() {
  return (
    <section className="card narrow">
      <title>Not found · Latchkey with React</title>
      <h2>There is no such page</h2>
      <p>
        <Link to="/">To the todos</Link>
      </p>
    </section>
  )
}

/** For what nobody has foreseen. */
export function ProblemPage() {
  return (
    <main>
      <section className="card narrow" role="alert">
        <h2>Something went wrong</h2>
        <p>
          <a href="/">Begin anew</a>
        </p>
      </section>
    </main>
  )
}
