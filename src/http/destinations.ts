import { AuthError } from '../errors.js'

/** Decides who gets the token. */
export interface Destinations {
  /** The address that `input` means to `fetch`, or `undefined` if that will refuse it. */
  resolve(input: string | URL): URL | undefined
  /** Whether requests to `url` get the token. */
  includes(url: URL): boolean
  /** Refuses plain `http:`, unless to this machine or to a host that was allowed. */
  requireSecure(url: URL): void
}

/** What destinations are made of. */
export interface DestinationsParts {
  /** `baseUrl` and `attachTo`: origins or URL prefixes, perhaps relative to the page. */
  readonly prefixes: readonly (string | URL)[]
  readonly allowInsecure: readonly string[]
  readonly location: () => string | undefined
}

const LOOPBACK = /^(.+\.)?localhost$|^127(\.\d+){3}$|^\[::1\]$/

/** Relative prefixes are resolved at the first request, not before: only then there has to be a page. */
export function createDestinations({ prefixes, allowInsecure, location }: DestinationsParts): Destinations {
  let resolved: { origin: string; path: string }[] | undefined

  const resolve = (input: string | URL): URL | undefined => {
    try {
      return new URL(input, location())
    } catch {
      return undefined
    }
  }

  const resolvePrefix = (prefix: string | URL): { origin: string; path: string } => {
    const url = resolve(prefix)
    if (!url) throw new AuthError('invalid_option', `\`${prefix}\` is relative, and there is no page here: give the whole URL.`)
    return { origin: url.origin, path: url.pathname.replace(/\/*$/, '/') }
  }

  return {
    resolve,
    includes({ origin, pathname }) {
      resolved ??= prefixes.map(resolvePrefix)
      return resolved.some((prefix) => origin === prefix.origin && `${pathname}/`.startsWith(prefix.path))
    },
    requireSecure({ protocol, hostname, host }) {
      if (protocol === 'https:' || LOOPBACK.test(hostname)) return
      if (protocol === 'http:' && (allowInsecure.includes(hostname) || allowInsecure.includes(host))) return
      throw new AuthError('insecure_url', `${host} would get a token or password unencrypted: use https, or \`allowInsecure\`.`)
    },
  }
}
