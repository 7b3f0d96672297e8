import { useEffect, useRef } from 'react'
import { NavLink, Outlet, useLocation, useNavigation } from 'react-router'
import { useAuthClient, useAuthState } from './auth.tsx'

/** What stands on every page. */
export function Layout() {
  const isMoving = useNavigation().state !== 'idle'
  const { pathname } = useLocation()
  const main = useRef<HTMLElement>(null)
  const last = useRef(pathname)

  useEffect(() => {
    if (last.current !== pathname) main.current?.focus() // what had the focus is gone with the page before
    last.current = pathname
  }, [pathname])

  return (
    <>
      <header>
        <svg className="key" viewBox="0 0 24 24" aria-hidden="true">
          <circle cx="7.5" cy="12" r="4" />
          <path d="M11.5 12H21m-3 0v3.5m-3.5-3.5v2.5" />
        </svg>
        <div>
          <h1>Latchkey</h1>
          <p>One file of hooks. A React app that stays signed in.</p>
        </div>
        <Person />
      </header>
      <Trouble />
      <main ref={main} tabIndex={-1} aria-busy={isMoving}>
        <Outlet />
      </main>
    </>
  )
}

/** What stands there until it is known who is signed in. */
export function Loading() {
  return (
    <main>
      <p className="card">Looking for a session…</p>
    </main>
  )
}

/** Who is signed in, where they may go, and the way out. Renders once a sign-in, however often tokens are renewed. */
function Person() {
  const auth = useAuthClient()
  const name = useAuthState((state) => state.status === 'authenticated' && (state.user?.name ?? 'somebody'))
  if (!name) return null
  return (
    <div className="person-bar">
      <nav aria-label="Pages">
        <NavLink to="/">Todos</NavLink>
        <NavLink to="/admin">Admin</NavLink>
      </nav>
      <p>{name}</p>
      <button type="button" onClick={() => auth.logout()}>
        Sign out
      </button>
    </div>
  )
}

/** A token that has expired while no server could renew it is trouble, and no reason to sign anybody out. */
function Trouble() {
  const isStale = useAuthState((state) => state.status === 'authenticated' && state.freshness === 'stale')
  return (
    <p role="status" className="banner">
      {isStale && 'The server cannot be reached. You are still signed in, and what you type is kept.'}
    </p>
  )
}
