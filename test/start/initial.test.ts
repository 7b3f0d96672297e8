import { AuthClient, memoryStorage, type TokenResponse } from 'latchkey'
import { describe, expect, it } from 'vitest'
import {
  ADA,
  createVirtualClient,
  createVirtualPage,
  HOUR,
  MINUTE,
  type User,
  virtuallySignedIn,
} from '../session/virtual-page.ts'
import { jwt } from '../support/jwt.ts'

const initial: TokenResponse<User> = {
  accessToken: 'from-the-server',
  refreshToken: 'refresh-of-the-server',
  lifetime: 5 * MINUTE,
  user: ADA,
}

describe('`initial`', () => {
  it('makes the first `state` right, before start()', () => {
    const { auth, page } = createVirtualClient({ initial })
    expect(auth.state).toEqual({
      status: 'authenticated',
      user: ADA,
      claims: undefined,
      idClaims: undefined,
      expiresAt: page.now() + 5 * MINUTE,
      freshness: 'fresh',
    })
    expect(Object.isFrozen(auth.state)).toBe(true)
  })

  it('gives the same `state` object each time it is read', () => {
    const { auth } = createVirtualClient({ initial })
    expect(auth.state).toBe(auth.state)
  })

  it('reads claims from its token', () => {
    const { auth } = createVirtualClient({ initial: { ...initial, accessToken: jwt({ sub: 'ada' }) } })
    expect(auth.state).toMatchObject({ claims: { sub: 'ada' } })
  })

  it('needs no I/O and no timer for that', () => {
    const touched: string[] = []
    const touch = (name: string) => () => {
      touched.push(name)
      return null
    }
    const storage = { getItem: touch('getItem'), setItem: touch('setItem'), removeItem: touch('removeItem') }
    const page = createVirtualPage()
    const { auth, issuer } = createVirtualClient({ initial, storage, page })
    expect(auth.state).toHaveProperty('status', 'authenticated')
    expect(touched).toEqual([])
    expect(page.timers + page.listeners + issuer.refreshes).toBe(0)
  })

  it('stays the same `state` when the client starts', async () => {
    const { auth, states } = createVirtualClient({ initial })
    const { state } = auth
    await auth.start()
    expect(auth.state).toBe(state)
    expect(states).toEqual([])
  })

  it('is a session like any other from then on: stored, renewed, told of', async () => {
    const storage = memoryStorage()
    const { auth, issuer, page, told } = createVirtualClient({ initial, storage })
    await auth.start()
    expect(await auth.getAccessToken()).toBe('from-the-server')
    expect(storage.getItem('latchkey')).toContain('refresh-of-the-server')
    await page.pass(5 * MINUTE)
    expect(issuer.offered).toMatchObject([{ refreshToken: 'refresh-of-the-server' }])
    expect(told).toEqual(['refresh'])
  })

  it('tells no `login`', async () => {
    const { auth, told } = createVirtualClient({ initial })
    await auth.start()
    expect(told).toEqual([])
  })

  it('gives way to a session in the storage', async () => {
    const storage = memoryStorage()
    const first = await virtuallySignedIn({ storage })
    await first.auth.setUser({ id: 2, name: 'Grace' })
    first.auth.dispose()
    const { auth, states } = createVirtualClient({ initial, storage, page: first.page })
    expect(auth.state).toMatchObject({ user: { name: 'Ada' } })
    await auth.start()
    expect(auth.state).toMatchObject({ user: { name: 'Grace' } })
    expect(await auth.getAccessToken()).toBe('access-1')
    expect(states).toHaveLength(1)
  })

  it('writes nothing over a session in the storage, though its user is set before start()', async () => {
    const storage = memoryStorage()
    const first = await virtuallySignedIn({ storage })
    first.auth.dispose()
    const record = storage.getItem('latchkey')
    const { auth } = createVirtualClient({ initial, storage, page: first.page })
    expect(auth.state).toMatchObject({ user: ADA })
    auth.setUser({ id: 3, name: 'Edited' })
    expect(auth.state).toMatchObject({ user: { name: 'Edited' } })
    expect(storage.getItem('latchkey')).toBe(record)
    expect(await auth.start()).toMatchObject({ user: ADA })
    expect(await auth.getAccessToken()).toBe('access-1')
    expect(storage.getItem('latchkey')).toBe(record)
  })

  it('keeps the user that is set before start(), where the storage holds no session', async () => {
    const storage = memoryStorage()
    const { auth } = createVirtualClient({ initial, storage })
    expect(auth.state).toMatchObject({ user: ADA })
    auth.setUser({ id: 3, name: 'Edited' })
    expect(storage.getItem('latchkey')).toBe(null)
    expect(await auth.start()).toMatchObject({ user: { name: 'Edited' } })
    expect(storage.getItem('latchkey')).toContain('Edited')
  })

  it('is who setUser() is about before start(), though nobody has read `state` yet', async () => {
    const { auth } = createVirtualClient({ initial })
    auth.setUser({ id: 3, name: 'Edited' })
    expect(auth.state).toMatchObject({ user: { name: 'Edited' } })
    expect(await auth.start()).toMatchObject({ user: { name: 'Edited' } })
  })

  it('is renewed at the start when it has expired by then', async () => {
    const { auth, issuer, page } = createVirtualClient({ initial })
    expect(auth.state).toMatchObject({ freshness: 'fresh' })
    page.sleep(HOUR)
    expect(await auth.start()).toMatchObject({ freshness: 'fresh' })
    expect(issuer.refreshes).toBe(1)
  })

  it('can be signed out of', async () => {
    const { auth, issuer, heard } = createVirtualClient({ initial })
    await auth.logout()
    expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'logout' })
    expect(heard('logout')).toHaveLength(1)
    expect(issuer.logouts).toBe(1)
  })

  it('without it, the first `state` is `loading`', () => {
    expect(new AuthClient({ baseUrl: 'http://localhost/' }).state).toEqual({ status: 'loading' })
  })
})
