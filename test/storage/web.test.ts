import { AuthClient, type AuthEvents, webStorage } from 'latchkey'
import { afterEach, describe, expect, it, vi } from 'vitest'

let restore: (() => void) | undefined

afterEach(() => {
  restore?.()
  restore = undefined
  localStorage.clear()
  sessionStorage.clear()
})

/** What a browser does that denies storage: the very property throws. */
function deny(area: 'localStorage' | 'sessionStorage'): () => number {
  const own = Object.getOwnPropertyDescriptor(globalThis, area)
  let touches = 0
  Object.defineProperty(globalThis, area, {
    configurable: true,
    get() {
      touches += 1
      throw new DOMException('Access is denied for this document.', 'SecurityError')
    },
  })
  restore = () => {
    if (own) Object.defineProperty(globalThis, area, own)
    else Reflect.deleteProperty(globalThis, area)
  }
  return () => touches
}
describe.each([
  ['local', 'localStorage'],
  ['session', 'sessionStorage'],
] as const)("webStorage('%s')", (area, name) => {
  it('touches the window only when it is used', () => {
    const touches = deny(name)
    const storage = webStorage(area)
    new AuthClient({ baseUrl: 'http://localhost/', storage }).dispose()
    expect(touches()).toBe(0)
  })

  it(`keeps the record in ${name}, under the key alone`, () => {
    webStorage(area).setItem('key', 'value')
    const kept = globalThis[name]
    expect([kept.length, kept.key(0), kept.getItem('key')]).toEqual([1, 'key', 'value'])
  })

  it('F22: signs in where the browser denies the storage, and tells so once', async () => {
    deny(name)
    const auth = new AuthClient({ baseUrl: 'http://localhost/', storage: webStorage(area) })
    const degraded: AuthEvents['storageDegraded'][] = []
    auth.on('storageDegraded', (event) => degraded.push(event))

    expect(await auth.start()).toEqual({ status: 'unauthenticated', reason: 'never' })
    await auth.setTokens({ accessToken: 'one' })
    await auth.setTokens({ accessToken: 'two' })
    expect(await auth.getAccessToken()).toBe('two')
    await auth.logout()

    expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'logout' })
    expect(degraded).toHaveLength(1)
    expect(degraded[0]?.error).toMatchObject({ code: 'storage_unavailable', cause: { name: 'SecurityError' } })
    auth.dispose()
  })

  it('F22: signs in where the storage is full', async () => {
    vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
      throw new DOMException('The quota has been exceeded.', 'QuotaExceededError')
    })
    const auth = new AuthClient({ baseUrl: 'http://localhost/', storage: webStorage(area) })
    expect(await auth.setTokens({ accessToken: 'token' })).toHaveProperty('status', 'authenticated')
    expect(await auth.getAccessToken()).toBe('token')
    auth.dispose()
    vi.restoreAllMocks()
  })
})
