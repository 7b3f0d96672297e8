import { AuthError } from '../errors.js'

/** Browsers have cryptography on https and localhost only; there is no falling back to less (RFC 7636, section 7.2). */
export function requireCrypto(): void {
  if (!globalThis.crypto?.subtle) throw new AuthError('insecure_url', 'This needs https or localhost.')
}

/** The page's own address; only where there is a page. */
export function here(): URL {
  if (globalThis.location) return new URL(location.href)
  throw new AuthError('invalid_option', 'This needs a page.')
}

/** `uri` as it is registered at the provider, exactly as written; a path is one of this origin. */
export function registered(uri: string | URL): string {
  return URL.canParse(uri) ? String(uri) : new URL(uri, here()).href
}

/** Whether the page is at `uri`, whatever its query. */
export function isAt(uri: string | URL): boolean {
  const { origin, pathname } = new URL(uri, here())
  return origin === here().origin && pathname === here().pathname
}

/** Takes everything that a provider has added out of the address, and out of the history. */
export function tidy(uri: string | URL): void {
  history.replaceState(history.state, '', new URL(uri, here()).href)
}

/** Leaves for `url`. Never resolves; rejects if the person comes back by the back button. */
export function leaveFor(url: URL, signal: AbortSignal): Promise<never> {
  location.assign(url.href)
  return new Promise((_, reject) => {
    const back = ({ persisted }: PageTransitionEvent): void => {
      if (persisted) reject(new AuthError('aborted', 'The person came back.'))
    }
    globalThis.addEventListener?.('pageshow', back, { signal })
  })
}
