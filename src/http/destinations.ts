import type { Environment } from '../environment.js'
import { AuthError } from '../errors.js'

/** Decides who gets the token. */
export interface Destinations {
  /** The address that `input` means to `fetch`, or `undefined` if that will refuse it. */
  resolve(input: string | URL): URL | undefined
  /**
   * Whether an address gets the token beyond doubt, as seen without parsing it: what begins with an origin and a slash is
   * of that origin, and a path of words leads nowhere else. `false` says nothing.
   */
  covers(address: string): boolean
  /** The same, where only a whole URL will do. @throws AuthError `invalid_option` */
  locate(input: string | URL): URL
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
/** The rest of an address in whose path nothing leads upwards. */
const WORDS = /^[\w/-]*(?:[?#]|$)/

/** Relative prefixes are resolved at the first request, not before: only then there has to be a page. */
export function createDestinations({ prefixes, allowInsecure, environment }: DestinationsParts): Destinations {
  let targets: { origin: string; path: string; quick: string | undefined }[] | undefined

  const resolve = (input: string | URL): URL | undefined => {
    try {
      return new URL(input, environment.location())
    } catch {
      return undefined
    }
  }

  const locate = (input: string | URL): URL => {
    const url = resolve(input)
    if (url) return url
    throw new AuthError('invalid_option', `\`${input}\` is relative, and there is no page: give the whole URL.`)
  }

  const isSecure = ({ protocol, hostname, host }: URL): boolean =>
    protocol === 'https:' || LOOPBACK.test(hostname) || allowInsecure.includes(hostname) || allowInsecure.includes(host)

  const findTargets = () => {
    targets ??= prefixes.map((prefix) => {
      const url = locate(prefix)
      const path = url.pathname.replace(/\/*$/, '/')
      // Schemes of native shells have `null` for an origin.
      const hasOrigin = url.origin !== 'null'
      return { origin: url.origin, path, quick: hasOrigin && isSecure(url) ? url.origin + path : undefined }
    })
    return targets
  }

  return {
    resolve,
    locate,
    covers(address) {
      for (const { quick, path } of findTargets()) {
        if (quick && address.startsWith(quick) && (path === '/' || WORDS.test(address.slice(quick.length)))) return true
      }
      return false
    },
    includes: ({ origin, pathname }) =>
      findTargets().some((target) => origin === target.origin && `${pathname}/`.startsWith(target.path)),
    requireSecure(url) {
      if (!isSecure(url))
        throw new AuthError('insecure_url', `${url.host} would get a token or password unencrypted: use https.`)
    },
  }
}
