import type { Environment } from '../environment.js'
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
  readonly environment: Environment
}

const LOOPBACK = /^(.+\.)?localhost$|^127(\.\d+){3}$|^\[::1\]$/

/** Relative prefixes are resolved at the first request, not before: only then there has to be a page. */
export function createDestinations({ prefixes, allowInsecure, environment }: DestinationsParts): Destinations {
  let targets: { origin: string; path: string }[] | undefined

  const resolve = (input: string | URL): URL | undefined => {
    try {
      return new URL(input, environment.location())
    } catch {
      return undefined
    }
  }

  return {
    resolve,
    includes({ origin, pathname }) {
      targets ??= prefixes.map((prefix) => {
        const url = resolve(prefix)
        if (url) return { origin: url.origin, path: url.pathname.replace(/\/*$/, '/') }
        throw new AuthError('invalid_option', `\`${prefix}\` is relative, and there is no page: give the whole URL.`)
      })
      return targets.some((target) => origin === target.origin && `${pathname}/`.startsWith(target.path))
    },
    requireSecure({ protocol, hostname, host }) {
      const isAllowed = LOOPBACK.test(hostname) || allowInsecure.includes(hostname) || allowInsecure.includes(host)
      if (protocol === 'https:' || isAllowed) return
      throw new AuthError('insecure_url', `${host} would get a token or password unencrypted: use https.`)
    },
  }
}
