import { type LoaderFunction, redirect } from 'react-router'
import type { Auth } from './auth.tsx'

/** A loader that waits until it is known who is signed in, and sends everybody else to the sign-in page. */
export function requireAuth(auth: Auth): LoaderFunction {
  return async ({ request }) => {
    await auth.start().catch(() => undefined) // the page that handles redirect logins shows what one failed with
    if (auth.state.status === 'authenticated') return null
    const { pathname, search } = new URL(request.url)
    throw redirect(signInPath(pathname + search))
  }
}

/** The sign-in page, which leads on to `to`. */
export function signInPath(to: string): string {
  return `/sign-in?${new URLSearchParams({ to })}`
}

/** Where to go on to: a path of this site, whatever the address says; anybody can write a link. */
export function ownPath(to: string | null): string {
  const here = 'https://here.invalid'
  const { protocol, origin, pathname, search, hash } = new URL(URL.canParse(to ?? '', here) ? (to ?? '') : '', here)
  return protocol === 'https:' && origin === here ? pathname.replace(/^\/+/, '/') + search + hash : '/'
}
