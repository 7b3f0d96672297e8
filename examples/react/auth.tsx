import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import type { auth as client } from './client.ts' // yours: it types user, claims and credentials everywhere

/** The app's client. */
export type Auth = typeof client
/** What the client knows about the session. */
export type State = Auth['state']

/** Where the roles are: yours, too. They decide what is shown; what is allowed, the server does. */
const rolesOf = ({ claims }: Extract<State, { status: 'authenticated' }>): readonly string[] => claims?.roles ?? []

const Context = createContext<{ auth: Auth; first: State } | undefined>(undefined)

/** Starts the client, and hands it to all below; the client outlives this component, so nothing here disposes of it. */
export function AuthProvider({ auth, children }: { auth: Auth; children: ReactNode }) {
  const value = useMemo(() => ({ auth, first: auth.state }), [auth])
  useEffect(() => void auth.start(), [auth])
  return <Context value={value}>{children}</Context>
}

function useAuthContext() {
  const value = useContext(Context)
  if (!value) throw new Error('Put an <AuthProvider> around the app.')
  return value
}

/** The client alone: nothing that happens to the session renders the component again. */
export const useAuthClient = (): Auth => useAuthContext().auth

/** What `select` picks from the state. Renders again only when that is another value, or holds another value. */
export function useAuthState<T>(select: (state: State) => T): T {
  const { auth, first } = useAuthContext()
  const last = useRef<{ select: unknown; state: State; value: T }>(undefined)
  const pick = (state: State): T => {
    const before = last.current
    if (before?.select === select && before.state === state) return before.value
    const picked = select(state)
    const value = before && isSame(before.value, picked) ? before.value : picked
    last.current = { select, state, value }
    return value
  }
  return useSyncExternalStore(
    auth.subscribe,
    () => pick(auth.state),
    () => pick(first), // at the server, and while hydrating what it rendered
  )
}

/** The client and the whole state: renders again at each change, renewals included. */
export function useAuth(): { auth: Auth; state: State } {
  return { auth: useAuthClient(), state: useAuthState((state) => state) }
}

/** Shows its children to whoever is signed in and may see them. */
export function RequireAuth(props: {
  children: ReactNode
  /** One of them is enough. @default being signed in is enough */
  roles?: readonly string[]
  /** While it is not known who is signed in. @default nothing */
  loading?: ReactNode
  /** Where nobody is signed in. @default nothing */
  signedOut?: ReactNode
  /** Where somebody has none of the roles. @default nothing */
  forbidden?: ReactNode
}) {
  const shown = useAuthState((state) => {
    if (state.status !== 'authenticated') return state.status === 'loading' ? 'loading' : 'signedOut'
    return !props.roles || rolesOf(state).some((role) => props.roles?.includes(role)) ? 'children' : 'forbidden'
  })
  return props[shown]
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  /^\[object (Object|Array)\]$/.test(Object.prototype.toString.call(value))
const isSame = (one: unknown, other: unknown): boolean => {
  if (Object.is(one, other) || !isPlain(one) || !isPlain(other)) return Object.is(one, other)
  const members = Object.entries(other)
  const isIn = ([key, value]: [string, unknown]) => Object.hasOwn(one, key) && Object.is(one[key], value)
  return Object.keys(one).length === members.length && members.every(isIn)
}
