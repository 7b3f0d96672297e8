import { useLayoutEffect, useRef } from 'react'
import { Link, useLocation } from 'react-router'
import { signInPath } from './guard.ts'
import { SignInForm } from './sign-in-form.tsx'

/** Asks to sign in again, on top of the page that stays as it is. It is there while nobody is signed in. */
export function SessionDialog({ why, username }: { why: string; username: string | undefined }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const { pathname, search } = useLocation()

  useLayoutEffect(() => {
    const { current } = dialog
    current?.showModal()
    return () => current?.close() // gives the focus back to where it was
  }, [])

  return (
    <dialog
      ref={dialog}
      className="card"
      aria-labelledby="session-title"
      aria-describedby="session-why"
      closedby="none" // Escape would lead nowhere; browsers that do not know this get the dialog again
      onClose={({ currentTarget }) => currentTarget.open || currentTarget.showModal()}
    >
      <h2 id="session-title">Sign in again</h2>
      <p id="session-why">{why} Sign in to go on where you were: what you have typed is still there.</p>
      <SignInForm username={username} />
      <Link to={signInPath(pathname + search)}>Leave this page</Link>
    </dialog>
  )
}
