import { jsonBackend, memoryStorage, webStorage } from 'latchkey'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createSessionView } from '../../src/devtools/panel/session-view.ts'
import { inspect } from '../../src/inspection.ts'
import { FORM, type SetupOptions, setUp, signedIn } from '../support/client.ts'
import { pass, settle, stopTime } from '../support/clock.ts'
import { showView } from './session-view-page.ts'

async function shown(options: SetupOptions = {}) {
  const setup = await signedIn(options)
  onTestFinished(() => localStorage.clear())
  const page = showView(createSessionView, setup.client)
  await settle()
  return { ...setup, ...page }
}

describe('the session', () => {
  it('says who is signed in, since when, and for how long', async () => {
    stopTime()
    const { fact, update, client } = await shown({ refresh: { spread: false } })

    expect(fact('Status')).toBe('signed in, fresh')
    expect(fact('User')).toBe('{"id":1,"name":"Ada"}')
    expect(fact('Generation')).toMatch(/^1, since \d\d:\d\d:\d\d$/)
    expect(fact('Renewal')).toMatch(/^in 4 min 30 s, at /)
    expect(fact('Expiry')).toMatch(/^in 5 min, at /)
    expect(fact('Refresh')).toBe('by a token in script’s hands')

    await pass(65_000)
    update()
    expect(fact('Expiry')).toMatch(/^in 3 min 55 s/)

    await client.getAccessToken({ forceRefresh: true })
    update()
    expect(fact('Generation')).toMatch(/^2,/)
  })

  it('says why nobody is signed in', async () => {
    const { client } = setUp()
    const { fact, update } = showView(createSessionView, client)
    expect(fact('Status')).toBe('loading')

    await client.start()
    update()
    expect(fact('Status')).toBe('signed out (never)')
    expect(fact('User')).toBeUndefined()
    expect(fact('Expiry')).toBeUndefined()

    await client.login(FORM)
    await client.logout()
    update()
    expect(fact('Status')).toBe('signed out (logout)')
  })

  it('shows the claims, and moments in words that go on', async () => {
    stopTime()
    const { fact, update } = await shown()

    expect(fact('sub')).toBe('ada ')
    expect(fact('exp')).toMatch(/^\d{10} \d\d:\d\d:\d\d, in 5 min$/)
    expect(fact('iat')).toMatch(/, 0 s ago$/)

    await pass(10_000)
    update()
    expect(fact('exp')).toMatch(/, in 4 min 50 s$/)
  })

  it('shows what a server says as text, whatever it says', async () => {
    const user = { name: '<img src=x onerror=alert(1)>' }
    const { view } = await shown({ server: { user } })

    expect(view.element.querySelector('img')).toBeNull()
    expect(view.element.textContent).toContain('<img src=x')
  })
})

describe('where it is kept', () => {
  it('is said with the size of the record, and what the ledger knows', async () => {
    const { fact, update } = await shown({ storage: webStorage('local') })
    update()
    await settle()

    expect(fact('Storage')).toBe(`seen by all tabs, record of ${localStorage.getItem('latchkey')?.length} characters`)
    expect(fact('Ledger')).toMatch(/not to be had|generation 1/)
    expect(fact('Cookie mark')).toBeUndefined()
  })

  it('is this tab alone, in memory', async () => {
    const { fact } = await shown()

    expect(fact('Storage')).toMatch(/^in memory, seen by this tab, record of \d+ characters$/)
    expect(fact('Ledger')).toBe('this tab’s own')
  })

  it('is the row of the ledger with its attempt and its failures', async () => {
    const rows = new Map<string, object>()
    const ledger = {
      read: vi.fn(async (name: string) => rows.get(name) as never),
      update: async (name: string, step: (row: never) => object | undefined) => {
        rows.set(name, step(rows.get(name) as never) ?? {})
      },
    }
    const { fact, client, update } = await shown({
      storage: webStorage('local'),
      environment: { ledger: ledger as never },
    })
    expect(fact('Ledger')).toBe('generation 1')

    update()
    update()
    update()
    await settle()
    expect(ledger.read.mock.calls.length, 'reads while nothing happens').toBeLessThan(5)

    await client.logout()
    update()
    await settle()
    expect(fact('Ledger')).toBe('generation 1, ended (logout)')
  })

  it('is an HttpOnly cookie of which a mark tells', async () => {
    const backend = jsonBackend<typeof FORM, unknown>({ baseUrl: 'https://api.test', refreshVia: 'cookie' })
    const { fact, client, update } = await shown({
      server: { refreshVia: 'cookie' },
      backend,
      storage: memoryStorage(),
      storageKey: 'mine',
    })
    expect(fact('Refresh')).toBe('by an HttpOnly cookie')
    expect(fact('Cookie mark')).toBe('set')

    await client.logout()
    update()
    await settle()
    expect(fact('Cookie mark')).toBe('not set')
  })

  it('says whether somebody has the lock', async () => {
    const query = async () => ({ held: [{ name: 'latchkey' }], pending: [{ name: 'latchkey' }, { name: 'other' }] })
    vi.stubGlobal('navigator', { locks: { query, request: () => new Promise(() => undefined) }, onLine: true })
    onTestFinished(() => {
      vi.unstubAllGlobals()
    })
    const { fact } = await shown({ storage: webStorage('local') })

    expect(fact('Lock')).toBe('held, 1 waiting')
  })

  it.each([
    ['of all tabs, by its key', webStorage('local'), false, 'latchkey'],
    ['of this tab, by its id', webStorage('session'), false, undefined],
    ['of all tabs in cookie mode, whatever keeps the rest', webStorage('session'), true, 'latchkey'],
  ] as const)('asks for the lock %s', async (_, storage, inCookie, wanted) => {
    const query = vi.fn(async () => ({ held: [], pending: [] as object[] }))
    vi.stubGlobal('navigator', { locks: { query, request: () => new Promise(() => undefined) }, onLine: true })
    onTestFinished(() => {
      vi.unstubAllGlobals()
      sessionStorage.clear()
    })
    const refreshVia = inCookie ? 'cookie' : 'body'
    const backend = jsonBackend<typeof FORM, unknown>({ baseUrl: 'https://api.test', refreshVia })
    const { fact, update, client } = await shown({ storage, backend, server: { refreshVia } })
    expect(fact('Lock')).toBe('free')

    const name = wanted ?? inspect(client)?.keeper.current()?.id
    query.mockResolvedValue({ held: [], pending: [{ name }] })
    update()
    await settle()
    expect(fact('Lock')).toBe('free, 1 waiting')
  })

  it('says so where the cookie mark can not be read', async () => {
    vi.stubGlobal('localStorage', undefined)
    Object.defineProperty(globalThis, 'localStorage', {
      configurable: true,
      get: () => {
        throw new DOMException('Access is denied.', 'SecurityError')
      },
    })
    onTestFinished(() => {
      vi.unstubAllGlobals()
    })
    const backend = jsonBackend<typeof FORM, unknown>({ baseUrl: 'https://api.test', refreshVia: 'cookie' })
    const { client } = await signedIn({ server: { refreshVia: 'cookie' }, backend })
    const { fact } = showView(createSessionView, client)
    await settle()

    expect(fact('Storage')).toMatch(/^in memory/)
    expect(fact('Ledger')).toBeDefined()
    expect(fact('Cookie mark')).toBe('not to be had')
  })

  it('is shown no more once the panel is closed', async () => {
    let answer = (_: string | null): void => undefined
    const { view, update, client, fact } = await shown()
    const storage = inspect(client)?.settings.storage
    if (!storage) throw new Error('No client of this package.')
    const reading = new Promise<string | null>((resolve) => {
      answer = resolve
    })
    vi.spyOn(storage, 'getItem').mockReturnValue(reading)
    const before = fact('Storage')
    client.setUser({ name: 'Grace' })
    update()
    view.dispose?.()
    answer('much longer than before'.repeat(100))
    await settle()

    expect(before).toContain('record of')
    expect(fact('Storage')).toBe(before)
  })

  it('says so where the storage is denied', async () => {
    const { client } = setUp({
      storage: {
        getItem: () => {
          throw new Error('denied')
        },
        setItem: () => undefined,
        removeItem: () => undefined,
      },
    })
    await client.login(FORM)
    const { fact } = showView(createSessionView, client)
    await settle()

    expect(fact('Storage')).toBe('not to be had')
  })
})

describe('a token', () => {
  it('is nowhere in the document until somebody asks for it, and goes away again', async () => {
    stopTime()
    const { button, fact, server } = await shown()
    const { accessToken = '', refreshToken = '' } = server.current
    const isThere = (): boolean[] =>
      [accessToken, refreshToken].map((token) => document.documentElement.outerHTML.includes(token))

    expect(isThere()).toEqual([false, false])
    expect(fact('Access token')).toContain(`(${accessToken.length} characters)`)

    button('Show the access token').click()
    expect(isThere()).toEqual([true, false])
    button('Hide the access token').click()
    expect(isThere()).toEqual([false, false])

    button('Show the refresh token').click()
    expect(isThere()).toEqual([false, true])
    await pass(20_000)
    expect(isThere()).toEqual([false, false])
  })

  it('goes away when the focus leaves it, and not when it is selected', async () => {
    const { button, view, server } = await shown()
    const isThere = (): boolean => view.element.textContent?.includes(server.current.accessToken ?? '') ?? false
    const show = button('Show the access token')
    show.focus()
    show.click()
    const code = [...view.element.querySelectorAll('code')].find(({ tabIndex }) => tabIndex === 0)

    code?.focus()
    expect(isThere()).toBe(true)
    button('Show the refresh token').focus()
    expect(isThere()).toBe(false)
  })

  it('is not shown in place of the one before, nor after the panel is closed', async () => {
    const { button, view, client, server, update } = await shown()
    button('Show the access token').click()
    await client.getAccessToken({ forceRefresh: true })
    update()
    expect(server.issued.some((token) => view.element.outerHTML.includes(token))).toBe(false)

    button('Show the access token').click()
    view.dispose?.()
    expect(server.issued.some((token) => view.element.outerHTML.includes(token))).toBe(false)
  })
})

describe('an update', () => {
  it('changes nothing that has not changed, and keeps the focus', async () => {
    stopTime()
    const { button, view, update } = await shown()
    update()
    await settle()
    const records: MutationRecord[] = []
    const observer = new MutationObserver((list) => records.push(...list))
    observer.observe(view.element, { subtree: true, childList: true, characterData: true, attributes: true })
    onTestFinished(() => observer.disconnect())
    button('Show the access token').focus()

    for (let round = 0; round < 5; round += 1) update()
    await settle()

    expect(records).toEqual([])
    await pass(1000)
    update()
    expect(document.activeElement).toBe(button('Show the access token'))
  })
})
