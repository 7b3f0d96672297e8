/** This machine, where plain http leaves nothing to listen in to. */
const LOOPBACK = /^(.+\.)?localhost$|^127(\.\d+){3}$|^\[::1\]$/
const PRIVATE =
  /^(10|192\.168|172\.(1[6-9]|2\d|3[01])|169\.254)(\.\d+){2,3}$|^\[f[cde]|^[^.:]+$|\.(local|lan|home|internal|test|home\.arpa)$/

/** Whether `url` is unencrypted, and not to this machine. */
export function isPlain(url: URL | undefined): boolean {
  return url?.protocol === 'http:' && !LOOPBACK.test(url.hostname)
}

/** Whether `url` is in the network around this machine, as far as that can be told: a phone, a container, a test. */
export function isNearby(url: URL | undefined): boolean {
  return !url || LOOPBACK.test(url.hostname) || PRIVATE.test(url.hostname)
}

/** `new URL`, or `undefined` where it would throw. */
export function parse(url: unknown, base?: URL): URL | undefined {
  try {
    return new URL(String(url), base)
  } catch {
    return undefined
  }
}
