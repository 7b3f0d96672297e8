import { AuthClient, type AuthClientOptions } from 'latchkey'
import { expect, it } from 'vitest'

const baseUrl = 'https://api.test'

/** Options as they come from JavaScript, which no type has checked. */
function construct(options: object): AuthClient {
  return new AuthClient(options as AuthClientOptions)
}

it.each<[string, object]>([
  ['`baseUrl` must be given, or else `backend`.', {}],
  ['`baseUrl` must be an http(s) URL, or a path.', { baseUrl: 'ftp://api.test' }],
  ['`storageKey` must be a text that is not empty.', { baseUrl, storageKey: '' }],
  ['`storage` must be an object with getItem, setItem and removeItem.', { baseUrl, storage: {} }],
  ['`initial` must be tokens with an access token.', { baseUrl, initial: { refreshToken: 'r' } }],
  ['`refresh.before` must be zero or more milliseconds.', { baseUrl, refresh: { before: -1 } }],
  ['`refresh.before` must be zero or more milliseconds.', { baseUrl, refresh: { before: Number.NaN } }],
  ['`refresh.timeout` must be a number of milliseconds.', { baseUrl, refresh: { timeout: 0 } }],
  ['`refresh.timeout` must be a number of milliseconds.', { baseUrl, refresh: { timeout: 2 ** 31 } }],
  ["`refresh.when` must be 'always' or 'on-demand'.", { baseUrl, refresh: { when: 'never' } }],
  ['`refresh.worker` must be a function that makes a SharedWorker.', { baseUrl, refresh: { worker: './worker.js' } }],
])('the constructor says what is wrong with an option: %s', (message, options) => {
  expect(() => construct(options)).toThrow(expect.objectContaining({ code: 'invalid_option', message }))
})

it('the constructor takes options that are given as undefined', () => {
  const refresh = { before: undefined, spread: undefined, when: undefined, timeout: undefined, worker: undefined }
  expect(() =>
    construct({ baseUrl, storage: undefined, storageKey: undefined, initial: undefined, refresh }),
  ).not.toThrow()
})
