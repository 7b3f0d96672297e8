/**
 * `to` as a path of this app, or `'/'`: whoever writes a link chooses what stands in its query, and `//evil.example` or
 * `javascript:…` is not where somebody wants to be after signing in.
 */
export function ownPath(to: unknown): string {
  const here = 'https://here.invalid'
  if (typeof to !== 'string' || !URL.canParse(to, here)) return '/'
  const { protocol, origin, pathname, search, hash } = new URL(to, here)
  return protocol === 'https:' && origin === here ? pathname.replace(/^\/+/, '/') + search + hash : '/'
}
