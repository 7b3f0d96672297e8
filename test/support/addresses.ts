/** Where the page is, and what gets the token: `BASE` is its `baseUrl`, `FILES` the one member of its `attachTo`. */
export const PAGE = 'https://app.test/page/'
export const BASE = 'https://api.test/v1'
export const FILES = 'https://files.test:8443/pub/'

/** Whether a token belongs there, decided in another way than the client does: by what the server would see. */
export function isOurs(url: URL | undefined): boolean {
  const { protocol, host, pathname } = url ?? { protocol: '', host: '', pathname: '' }
  const [, first] = pathname.split('/')
  return (
    protocol === 'https:' &&
    ((host === 'api.test' && first === 'v1') || (host === 'files.test:8443' && first === 'pub'))
  )
}

/** Ways to write an address that gets the token. */
export const INSIDE = [
  'https://api.test/v1',
  'https://api.test/v1/',
  'https://api.test/v1/todos?next=//evil.test',
  'https://api.test/v1?q',
  'https://api.test/v1#https://evil.test/',
  'https://api.test:443/v1/todos',
  'https://api.test:/v1/todos',
  'https://api.test:0443/v1/todos',
  'HTTPS://API.TEST/v1/todos',
  'https:/\\api.test/v1/todos',
  'https:\\\\api.test\\v1\\todos',
  'https:///api.test/v1/todos',
  ' \u0000https://api.test/v1/todos\t',
  'ht\ntps://api.\ttest/v1/todos',
  'https://api%2Etest/v1/todos',
  'https://ａｐｉ.test/v1/todos',
  'https://api。test/v1/todos',
  'https://api.test/x/../v1/todos',
  'https://api.test/x/%2e%2E/v1/todos',
  'https://api.test/./v1/./todos',
  'https://api.test/v1//todos',
  'https://api.test/v1/%2e%2e%2fadmin',
  '//api.test/v1/todos',
  '\\\\api.test/v1/todos',
  '/\\api.test/v1/todos',
  'https://files.test:8443/pub/a.png',
  'https://files.test:8443/pub',
]

/** Addresses that look as if they got it, and do not. */
export const OUTSIDE = [
  // Another path, however it is written.
  'https://api.test/',
  'https://api.test/v1x',
  'https://api.test/v10/todos',
  'https://api.test/V1/todos',
  'https://api.test/%76%31/todos',
  'https://api.test//v1/todos',
  'https://api.test/v1/../admin',
  'https://api.test/v1/..',
  'https://api.test/v1/../../v2',
  'https://api.test/v1/%2e%2e/admin',
  'https://api.test/v1/%2E./admin',
  'https://api.test/v1/.%2e/admin',
  'https://api.test/v1\\..\\admin',
  'https://api.test/v1/..\\admin',
  'https://api.test/v1/..;/../../admin',
  'https://api.test/v1%2ftodos',
  'https://api.test/v1;x/todos',
  'https://api.test/.\t./v1x',
  'https://files.test:8443/public/a.png',
  'https://files.test:8443/pub/../private',
  // Another host.
  'https:api.test/v1/todos', // relative, where the page is https too
  'https://evil.test/v1/todos',
  '//evil.test/v1/todos',
  '\\\\evil.test/v1/todos',
  '/\\evil.test/v1/todos',
  '\t//evil.test/v1/todos',
  '/\n/evil.test/v1/todos',
  'https:/evil.test/v1/todos',
  'https:evil.test/../../v1',
  'https:///evil.test/v1/todos',
  'ht\ntps://evil.test/v1/todos',
  'https://api.test.evil.test/v1/todos',
  'https://evil.test/https://api.test/v1/todos',
  'https://evil.test?https://api.test/v1/todos',
  'https://evil.test#https://api.test/v1/todos',
  'https://evil.test\\@api.test/v1/todos',
  'https://xapi.test/v1/todos',
  'https://v1.api.test/v1/todos',
  'https://api.test./v1/todos',
  'https://api.test../v1/todos',
  'https://аpi.test/v1/todos', // a Cyrillic а
  'https://xn--pi-7kc.test/v1/todos',
  'https://api-test/v1/todos',
  'https://api.tëst/v1/todos',
  'https://127.0.0.1/v1/todos',
  'https://localhost/v1/todos',
  'https://[::1]/v1/todos',
  // Another owner of the name before the @.
  'https://api.test@evil.test/v1/todos',
  'https://api.test:443@evil.test/v1/todos',
  'https://api.test%2fv1@evil.test/',
  'https://api.test/v1@evil.test/', // a path, after all
  // Another port.
  'https://api.test:8443/v1/todos',
  'https://api.test:80/v1/todos',
  'https://api.test:4430/v1/todos',
  'https://files.test/pub/a.png',
  // Another scheme.
  'http://api.test/v1/todos',
  'http://api.test:443/v1/todos',
  'ws://api.test/v1/todos',
  'wss://api.test/v1/todos',
  'ftp://api.test/v1/todos',
  'file://api.test/v1/todos',
  'blob:https://api.test/v1',
  'blob:https://api.test/5e4b7f2c-0000-4000-8000-000000000000',
  'filesystem:https://api.test/v1/todos',
  'data:text/plain,https://api.test/v1/',
  'javascript:fetch("https://api.test/v1/")',
  'about:blank',
  'view-source:https://api.test/v1/todos',
  'https+x://api.test/v1/todos',
  // The page's own, and what is no address.
  '',
  '/',
  '/v1/todos',
  'v1/todos',
  '../v1/todos',
  'https://',
  'https://api.test:99999/v1/todos',
  'https://api .test/v1/todos',
  'https://api.test%00.evil.test/v1/todos',
]

/** The same address in every form that `fetch` takes, as far as it can be put into that form. */
export function formsOf(address: string): (string | URL | Request)[] {
  const forms: (string | URL | Request)[] = [address]
  if (URL.canParse(address, PAGE)) forms.push(new URL(address, PAGE))
  try {
    forms.push(new Request(new URL(address, PAGE)))
  } catch {
    // with userinfo, or no URL at all
  }
  return forms
}
