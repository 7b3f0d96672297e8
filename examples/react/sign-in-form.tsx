import { type FormEvent, useEffect, useRef, useState } from 'react'
import { useAuthClient } from './auth.tsx'
import type { Credentials } from './client.ts'
import { Field } from './field.tsx'
import { type SignInProblem, signInProblem } from './texts.ts'

/** Asks for name and password, and shows what the server says to them. What comes after is up to the auth state. */
export function SignInForm({ username = '' }: { username?: string | undefined }) {
  const auth = useAuthClient()
  const [problem, setProblem] = useState<SignInProblem>()
  const [isPending, setPending] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  const password = useRef<HTMLInputElement>(null)

  useEffect(() => {
    if (username) password.current?.focus()
  }, [username])

  useEffect(() => {
    if (problem) (form.current?.querySelector<HTMLElement>('[aria-invalid=true]') ?? password.current)?.focus()
  }, [problem])

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const { elements } = event.currentTarget
    const read = (name: keyof Credentials) => (elements.namedItem(name) as HTMLInputElement).value
    setProblem(undefined)
    setPending(true)
    const login = auth.login({ username: read('username'), password: read('password') })
    setProblem(await login.then(() => undefined, signInProblem).finally(() => setPending(false)))
  }

  return (
    <form ref={form} onSubmit={submit} noValidate>
      <p role="alert" className="error">
        {problem?.message}
      </p>
      <Field
        label="Username"
        name="username"
        required
        autoComplete="username"
        defaultValue={username}
        problem={problem?.fields.username}
      />
      <Field
        label="Password"
        name="password"
        type="password"
        required
        autoComplete="current-password"
        ref={password}
        problem={problem?.fields.password}
      />
      <button type="submit" className="primary" disabled={isPending}>
        {isPending ? 'Signing in…' : 'Sign in'}
      </button>
    </form>
  )
}
