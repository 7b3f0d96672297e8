import type { AuthEvents } from 'latchkey'
import { Fragment, useEffect, useState } from 'react'
import { Outlet, useNavigate } from 'react-router'
import { useAuthClient, useAuthState } from './auth.tsx'
import type { User } from './client.ts'
import { SessionDialog } from './session-dialog.tsx'
import { REASONS, SIGNED_OUT_ELSEWHERE } from './texts.ts'

/**
 * The pages for people who are signed in. When a session ends under them they stay as they are, with all that was typed,
 * and a dialog asks to sign in again; only for another person they begin anew.
 */
export function Protected() {
  const auth = useAuthClient()
  const navigate = useNavigate()
  const [last, setLast] = useState<AuthEvents<User>['logout']>()
  const reason = useAuthState((state) => (state.status === 'unauthenticated' ? state.reason : undefined))
  const { person, visitor } = useLastPerson(last)

  useEffect(() => auth.on('logout', setLast), [auth])
  const isOwnWish = reason !== undefined && last?.reason === 'logout' && last.origin === 'this-tab'
  useEffect(() => {
    if (isOwnWish) void navigate('/sign-in')
  }, [isOwnWish, navigate])

  const isElsewhere = reason === 'logout' && last?.origin === 'other-tab'
  const why = isElsewhere ? SIGNED_OUT_ELSEWHERE : REASONS[reason ?? 'never']
  return (
    <>
      {reason === undefined && last?.reason === 'replaced' && (
        <p role="status" className="banner">
          {REASONS.replaced} You are now {person?.name ?? 'somebody else'}.
        </p>
      )}
      <Fragment key={visitor}>
        <Outlet />
      </Fragment>
      {reason !== undefined && !isOwnWish && <SessionDialog why={why} username={person?.username} />}
    </>
  )
}

/**
 * Who is signed in, or was until just now, and a number that is new for each person: by the access token, or by what the
 * server told, since not every token can be read. Where neither tells, whoever signs in after an end is another person.
 */
function useLastPerson(end: AuthEvents<User>['logout'] | undefined) {
  const person = useAuthState((state) =>
    state.status === 'authenticated'
      ? { id: state.claims?.sub ?? state.user?.id, username: state.user?.username, name: state.user?.name }
      : undefined,
  )
  const [last, setLast] = useState({ person, id: person?.id, end, visitor: 0 })
  if (person && (person !== last.person || end !== last.end)) {
    const isUnknown = person.id === undefined || last.id === undefined
    const isOther = last.person !== undefined && (isUnknown ? end !== last.end : person.id !== last.id)
    const id = person.id ?? (isOther ? undefined : last.id)
    setLast({ person, id, end, visitor: last.visitor + Number(isOther) })
  }
  return { person: person ?? last.person, visitor: last.visitor }
}
