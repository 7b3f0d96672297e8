import { Navigate, useSearchParams } from 'react-router'
import { useAuthState } from '../auth.tsx'
import { ownPath } from '../guard.ts'
import { SignInForm } from '../sign-in-form.tsx'
import { REASONS } from '../texts.ts'

/** Where people sign in; goes on to `to` as soon as somebody has, in another tab too. */
export function SignInPage() {
  const [parameters] = useSearchParams()
  const isSignedIn = useAuthState(({ status }) => status === 'authenticated')
  const reason = useAuthState((state) => (state.status === 'unauthenticated' ? REASONS[state.reason] : ''))
  if (isSignedIn) return <Navigate to={ownPath(parameters.get('to'))} replace />

  return (
    <section className="card narrow" aria-labelledby="sign-in-title">
      <title>Sign in · Latchkey with React</title>
      <h2 id="sign-in-title">Sign in</h2>
      <p role="status" className="reason">
        {reason}
      </p>
      <SignInForm />
      <p className="hint">
        Try <b>johndoe</b>, or <b>admin</b>, who may do more; both use <b>password123</b>. A wrong password is worth a
        try, too, and so is none.
      </p>
    </section>
  )
}
