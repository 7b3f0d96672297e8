import { readFileSync } from 'node:fs'
import { act, render, screen, waitFor } from '@testing-library/react'
import { memoryStorage } from 'latchkey'
import { signedIn } from 'latchkey/testing'
import { type ReactNode, StrictMode, startTransition, useLayoutEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import {
  type Auth,
  AuthProvider,
  RequireAuth,
  type State,
  useAuth,
  useAuthClient,
  useAuthState,
} from '../../../examples/react/auth.tsx'
import type { User } from '../../../examples/react/client.ts'
import { server } from './api.ts'
import { ADA, createAuth, JOHN } from './app.tsx'

const ADA_LOVELACE: User = { id: 'u7', username: 'ada', name: 'Ada', roles: [] }

/** A client, and what it reads from its storage. */
function observed() {
  const kept = memoryStorage()
  const reads: string[] = []
  const getItem = (key: string) => {
    reads.push(key)
    return kept.getItem(key)
  }
  return { auth: createAuth({ storage: { ...kept, getItem } }), reads }
}

/** A component that shows what `select` picks, and counts how often it renders. */
function createProbe<T>(select: (state: State) => T) {
  const seen: T[] = []
  function Probe() {
    const value = useAuthState(select)
    seen.push(value)
    return <output>{JSON.stringify(value)}</output>
  }
  return { Probe, seen }
}

async function show(auth: Auth, ui: ReactNode) {
  const tree = (children: ReactNode) => <AuthProvider auth={auth}>{children}</AuthProvider>
  const view = render(tree(ui))
  await waitFor(() => expect(auth.state.status).not.toBe('loading'))
  return { ...view, show: (other: ReactNode) => view.rerender(tree(other)) }
}

const renew = (auth: Auth) => act(() => auth.getAccessToken({ forceRefresh: true }))
const text = () => screen.getByRole('status').textContent

describe('the wrapper', () => {
  const lines = readFileSync('examples/react/auth.tsx', 'utf8').trimEnd().split('\n')

  it('is one file of 80 lines at most, without `any`', () => {
    expect(lines.length).toBeLessThanOrEqual(80)
    expect(lines.filter((line) => /\bany\b|@ts-|biome-ignore/.test(line))).toEqual([])
  })

  it('needs nothing but React, and the types of the client', () => {
    expect(lines.filter((line) => line.startsWith('import'))).toEqual([
      expect.stringMatching(/ from 'react'$/),
      expect.stringMatching(/^import type .* from '\.\/client\.ts'/),
    ])
  })
})

describe('useAuthState', () => {
  it('goes from loading to who is signed in, and back to nobody', async () => {
    const auth = createAuth()
    const { Probe, seen } = createProbe((state) => (state.status === 'authenticated' ? state.user?.name : state.status))
    await show(auth, <Probe />)

    await act(() => auth.login(JOHN))
    await act(() => auth.logout())

    expect(seen).toEqual(['loading', 'unauthenticated', 'John Doe', 'unauthenticated'])
  })

  it('renders a component that reads the status 0 times over 100 renewals', async () => {
    const auth = createAuth()
    const { Probe, seen } = createProbe(({ status }) => status)
    await show(auth, <Probe />)
    await act(() => auth.login(JOHN))
    seen.length = 0

    for (let count = 0; count < 100; count += 1) await renew(auth)

    expect(server.refreshes).toBe(100)
    expect(seen).toHaveLength(0)
  })

  it('renders a component that reads all of it exactly once for each change', async () => {
    const auth = createAuth()
    const { Probe, seen } = createProbe((state) => state)
    await show(auth, <Probe />)
    const changes: State[] = []
    auth.subscribe((state) => changes.push(state))
    seen.length = 0

    await act(() => auth.login(JOHN))
    for (let count = 0; count < 10; count += 1) await renew(auth)
    await act(() => auth.logout())

    expect(changes.length).toBeGreaterThanOrEqual(12)
    expect(seen).toEqual(changes)
  })

  it('compares the members of what an inline selector makes anew each time', async () => {
    const auth = createAuth()
    const seen: unknown[] = []
    function Probe() {
      const person = useAuthState((state) =>
        state.status === 'authenticated' ? { user: state.user, roles: state.claims?.roles?.join() } : undefined,
      )
      const roles = useAuthState((state) => (state.status === 'authenticated' ? [...(state.claims?.roles ?? [])] : []))
      seen.push([person, roles])
      return null
    }
    await show(auth, <Probe />)
    await act(() => auth.login(JOHN))
    seen.length = 0

    for (let count = 0; count < 5; count += 1) await renew(auth)
    expect(seen).toEqual([])

    await act(() => auth.login(ADA))
    expect(seen.at(-1)).toEqual([expect.objectContaining({ roles: 'user,admin' }), ['user', 'admin']])
  })

  it('picks by the selector of this very render', async () => {
    const auth = createAuth()
    await signedIn(auth, { sub: 'u7' }, { user: ADA_LOVELACE })
    const Field = ({ name }: { name: keyof User }) => (
      <output>{useAuthState((state) => state.status === 'authenticated' && state.user?.[name])}</output>
    )
    const view = await show(auth, <Field name="name" />)
    expect(text()).toBe('Ada')

    view.show(<Field name="username" />)

    expect(text()).toBe('ada')
  })

  it.each([
    ['dates', (at: number) => new Date(at)],
    ['sets', (at: number) => new Set([at])],
  ])('does not take two %s for the same', async (_, make) => {
    const auth = createAuth()
    const { Probe, seen } = createProbe((state) => make((state.status === 'authenticated' && state.expiresAt) || 0))
    await show(auth, <Probe />)

    await act(() => auth.login(JOHN))

    expect(seen.at(-1)).toEqual(make((auth.state.status === 'authenticated' && auth.state.expiresAt) || 0))
  })

  it('never shows two states in one picture, when the state changes in the middle of a slow render', async () => {
    const auth = createAuth()
    await signedIn(auth, {}, { user: ADA_LOVELACE })
    const parts = Array.from({ length: 8 }, (_, index) => `part ${index}`)
    const pictures: string[][] = []
    let rendered = 0
    function Part() {
      const name = useAuthState((state) => state.status === 'authenticated' && state.user?.name)
      const until = performance.now() + 8 // longer than React works before it lets others have a turn
      while (performance.now() < until);
      rendered += 1
      if (rendered === 2) setTimeout(() => auth.setUser({ ...ADA_LOVELACE, name: 'Augusta' }))
      return <i>{name}</i>
    }
    function Page({ onPicture }: { onPicture: () => void }) {
      useLayoutEffect(onPicture)
      return parts.map((part) => <Part key={part} />)
    }
    const box = document.body.appendChild(document.createElement('div'))
    const take = () => {
      pictures.push([...box.querySelectorAll('i')].map(({ textContent }) => textContent))
    }
    const watcher = new MutationObserver(take)
    watcher.observe(box, { subtree: true, childList: true, characterData: true })
    const root = createRoot(box)
    vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', false) // whose renders are never interrupted

    startTransition(() => root.render(<AuthProvider auth={auth}>{<Page onPicture={take} />}</AuthProvider>))
    await vi.waitUntil(() => box.textContent === 'Augusta'.repeat(8))

    vi.unstubAllGlobals()
    watcher.disconnect()
    act(() => root.unmount())
    expect(rendered).toBeGreaterThan(8) // it was in the middle
    expect(pictures.filter((names) => new Set(names).size > 1)).toEqual([])
  })

  it('says what is missing outside of a provider', () => {
    const { Probe } = createProbe(({ status }) => status)

    expect(() => renderToString(<Probe />)).toThrow('Put an <AuthProvider> around the app.')
  })
})

describe('useAuth and useAuthClient', () => {
  it('hand out the client; the one with its state, the other without a render at any change', async () => {
    const auth = createAuth()
    const seen: [unknown, string][] = []
    const clients: unknown[] = []
    function Both() {
      const { auth, state } = useAuth()
      seen.push([auth, state.status])
      return null
    }
    function Client() {
      clients.push(useAuthClient())
      return null
    }
    await show(
      auth,
      <>
        <Both />
        <Client />
      </>,
    )

    await act(() => auth.login(JOHN))

    expect(seen).toEqual(['loading', 'unauthenticated', 'authenticated'].map((status) => [auth, status]))
    expect(clients).toEqual([auth])
  })

  it('know the type of user, claims and credentials', () => {
    type SignedIn = Extract<ReturnType<typeof useAuth>['state'], { status: 'authenticated' }>
    expectTypeOf<SignedIn['user']>().toEqualTypeOf<User | undefined>()
    expectTypeOf<NonNullable<SignedIn['claims']>['roles']>().toEqualTypeOf<readonly string[] | undefined>()
    expectTypeOf<Parameters<ReturnType<typeof useAuthClient>['login']>[0]>().toEqualTypeOf(JOHN)
    expectTypeOf(useAuthState<boolean>).returns.toEqualTypeOf<boolean>()
  })
})

describe('AuthProvider', () => {
  it('starts the client once where StrictMode mounts it twice: one look into the storage, one call', async () => {
    const [alone, strict] = [observed(), observed()]
    localStorage.setItem('latchkey.mark', '1') // there was a session, so a start asks the server for it
    await alone.auth.start()
    const calls = server.requests.map(({ path }) => path)
    server.reset()
    localStorage.setItem('latchkey.mark', '1')

    render(
      <StrictMode>
        <AuthProvider auth={strict.auth}>…</AuthProvider>
      </StrictMode>,
    )
    await waitFor(() => expect(strict.auth.state.status).toBe('unauthenticated'))

    expect(strict.reads).toEqual(alone.reads)
    expect(server.requests.map(({ path }) => path)).toEqual(calls)
    expect(calls).toEqual(['refresh'])
  })

  it('leaves no listener behind, and the client alive', async () => {
    const auth = createAuth()
    let listeners = 0
    const { subscribe } = auth
    vi.spyOn(auth, 'subscribe').mockImplementation((listener) => {
      listeners += 1
      const off = subscribe(listener)
      return () => {
        listeners -= 1
        off()
      }
    })
    const { Probe } = createProbe((state) => state)
    const tree = (
      <StrictMode>
        <AuthProvider auth={auth}>
          <Probe />
          <RequireAuth>…</RequireAuth>
        </AuthProvider>
      </StrictMode>
    )
    const { unmount } = render(tree)
    await act(() => auth.start())
    expect(listeners).toBe(2)

    unmount()

    expect(listeners).toBe(0)
    expect((await auth.login(JOHN)).status).toBe('authenticated')
    render(tree)
    expect(listeners).toBe(2)
  })

  it('moves to another client when it is given one', async () => {
    const [one, other] = [createAuth(), createAuth({ storageKey: 'other' })]
    await Promise.all([signedIn(one, { sub: 'u1' }), signedIn(other, { sub: 'u2' })])
    const { Probe } = createProbe((state) => state.status === 'authenticated' && state.claims?.sub)
    const { rerender } = render(<AuthProvider auth={one}>{<Probe />}</AuthProvider>)
    expect(text()).toBe('"u1"')

    rerender(<AuthProvider auth={other}>{<Probe />}</AuthProvider>)

    expect(text()).toBe('"u2"')
  })
})

describe('RequireAuth', () => {
  const guarded = (roles?: readonly string[]) => (
    <output>
      <RequireAuth {...(roles && { roles })} loading="wait" signedOut="sign in" forbidden="not for you">
        welcome
      </RequireAuth>
    </output>
  )

  it('waits until it is known who is signed in', async () => {
    const auth = createAuth()
    render(<AuthProvider auth={auth}>{guarded()}</AuthProvider>)

    expect(text()).toBe('wait')
    await waitFor(() => expect(text()).toBe('sign in'))
  })

  it.each([
    [['user'], undefined, 'welcome'],
    [undefined, undefined, 'welcome'],
    [['user'], ['user'], 'welcome'],
    [['user'], ['admin'], 'not for you'],
    [['user'], ['admin', 'user'], 'welcome'],
    [undefined, ['admin'], 'not for you'],
    [['admin'], [], 'not for you'],
  ])('who has the roles %j, where one of %j is needed, is told: %s', async (has, needs, told) => {
    const auth = createAuth()
    await signedIn(auth, has && { roles: has })

    await show(auth, guarded(needs))

    expect(text()).toBe(told)
  })

  it('lets in, and shows out, as roles come and go', async () => {
    const auth = createAuth()
    await show(auth, guarded(['admin']))

    await act(() => auth.login(JOHN))
    expect(text()).toBe('not for you')
    await act(() => auth.login(ADA))
    expect(text()).toBe('welcome')
    await act(() => auth.logout())
    expect(text()).toBe('sign in')
  })

  it('shows nothing where nothing else was asked for', async () => {
    const auth = createAuth()
    await show(auth, <output>{<RequireAuth>welcome</RequireAuth>}</output>)

    expect(text()).toBe('')
  })
})
