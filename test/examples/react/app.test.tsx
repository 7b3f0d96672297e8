import { act, fireEvent, screen, waitFor } from '@testing-library/react'
import { virtualBrowser } from 'latchkey/testing'
import { HttpResponse, http } from 'msw'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Auth } from '../../../examples/react/auth.tsx'
import type { User } from '../../../examples/react/client.ts'
import { signInProblem } from '../../../examples/react/texts.ts'
import { baseUrl, network, server } from './api.ts'
import { ADA, createAuth, JOHN, openApp, signInWith } from './app.tsx'

const JOHN_USER: User = { id: 'u1', username: 'johndoe', name: 'John Doe', roles: [] }
const ADA_USER: User = { id: 'u2', username: 'admin', name: 'Ada Admin', roles: [] }
const draft = () => screen.getByLabelText<HTMLInputElement>('What is to be done?')
const type = (title: string) => fireEvent.change(draft(), { target: { value: title } })
const press = (name: string) => act(async () => void fireEvent.click(screen.getByRole('button', { name })))
const dialog = () => screen.queryByRole('dialog')

/** The app with somebody signed in, on the page of their todos. */
async function openTodos(auth: Auth = createAuth(), who = JOHN) {
  await auth.login(who)
  const app = await openApp(auth)
  expect(await screen.findByText('Water the plants')).toBeTruthy()
  return { ...app, auth }
}

/** Ends the session as a server does, and lets the app find out. */
async function endSession(auth: Auth, username = 'johndoe') {
  server.revoke(username)
  await act(() => auth.getAccessToken({ forceRefresh: true }).catch(() => undefined))
}

/** The app with somebody signed in by a token that only the server can read. */
async function openWithOpaqueToken(user?: User) {
  network.use(http.get(`${baseUrl}/todos`, () => HttpResponse.json([])))
  const auth = createAuth()
  await auth.setTokens({ accessToken: 'opaque', user })
  await openApp(auth)
  return auth
}

describe('the sign-in form', () => {
  it('shows what is wrong with each field, and goes to the first', async () => {
    const fields = { username: 'This field is required.', password: 'Too short.' }
    server.fail('login', { status: 422, body: { fields } })
    await openApp(createAuth(), '/sign-in')

    await signInWith({ username: '', password: 'x' })

    const username = screen.getByLabelText('Username')
    expect(username.getAttribute('aria-invalid')).toBe('true')
    expect(document.getElementById(username.getAttribute('aria-describedby') ?? '')?.textContent).toBe(fields.username)
    expect(screen.getByText('Too short.')).toBeTruthy()
    expect(document.activeElement).toBe(username)
  })

  it('keeps what was typed after a wrong password, and takes the right one then', async () => {
    const { place } = await openApp(createAuth(), '/sign-in')

    await signInWith({ ...JOHN, password: 'wrong' })

    expect(screen.getByRole('alert').textContent).toMatch(/wrong|invalid|refused/i)
    expect(screen.getByLabelText<HTMLInputElement>('Username').value).toBe('johndoe')
    expect(document.activeElement).toBe(screen.getByLabelText('Password'))
    await signInWith(JOHN)
    expect(place()).toBe('/')
  })

  it.each([
    ['a message of the server', { status: 401, body: { message: 'No.' } }, 'No.'],
    ['a bare 401', { status: 401 }, 'The username or the password is wrong.'],
    ['429', { status: 429, retryAfter: 42 }, 'Too many attempts. Try again in 42 seconds.'],
    ['503', { status: 503 }, 'The server has a problem. Try again in a moment.'],
    ['no answer', 'connection-error', 'The server cannot be reached. Are you online?'],
    ['a page of a proxy', 'html', 'Signing in did not work (invalid_response).'],
  ] as const)('has words for %s', async (_, fault, words) => {
    server.fail('login', fault)
    await openApp(createAuth(), '/sign-in')

    await signInWith(JOHN)

    expect(screen.getByRole('alert').textContent).toBe(words)
  })

  it('leaves to others what is no refusal of a sign-in', () => {
    expect(() => signInProblem(new TypeError('a bug'))).toThrow('a bug')
  })
})

describe('when the session ends', () => {
  it('a dialog says why and asks to sign in again, and nothing that was typed is lost', async () => {
    const { auth, place } = await openTodos()
    type('Buy mil')

    await endSession(auth)

    expect(dialog()?.textContent).toContain('The server has ended your session.')
    expect(screen.queryByText('Water the plants')).toBeNull()
    expect(screen.getByLabelText<HTMLInputElement>('Username').value).toBe('johndoe')
    await signInWith(JOHN)
    expect(dialog()).toBeNull()
    expect(await screen.findByText('Water the plants')).toBeTruthy()
    expect(draft().value).toBe('Buy mil')
    expect(place()).toBe('/')
  })

  it('in the middle of a call, the call can be made again after the sign-in', async () => {
    await openTodos()
    type('Buy milk')
    server.revoke('johndoe')

    await press('Add')

    expect(await screen.findByText(/Your session had ended/)).toBeTruthy()
    expect(draft().value).toBe('Buy milk')
    await signInWith(JOHN)
    await press('Add')
    expect(await screen.findByText('Buy milk')).toBeTruthy()
    expect(draft().value).toBe('')
  })

  it('and another person signs in, they find nothing that the first one typed', async () => {
    const { auth } = await openTodos()
    type('A secret of John')
    await endSession(auth)

    await signInWith(ADA)

    expect(await screen.findByText('Water the plants')).toBeTruthy()
    expect(draft().value).toBe('')
  })

  it.each([
    ['that cannot be read', JOHN_USER, ADA_USER],
    ['that tell nobody who it is', undefined, undefined],
  ])('and another person signs in with tokens %s, they find nothing that was typed', async (_, john, ada) => {
    const auth = await openWithOpaqueToken(john)
    type('A secret of John')
    await endSession(auth)
    expect(draft().value).toBe('A secret of John')

    await act(() => auth.setTokens({ accessToken: 'of-ada', user: ada }))

    expect(draft().value).toBe('')
    type('A secret of Ada')
    await act(() => auth.setTokens({ accessToken: 'of-john', user: john })) // over her session
    expect(draft().value).toBe('')
  })

  it('nothing that was typed is lost for the same person, where tokens cannot be read', async () => {
    const auth = await openWithOpaqueToken(JOHN_USER)
    type('Buy mil')
    await endSession(auth)

    await act(() => auth.setTokens({ accessToken: 'of-john', user: JOHN_USER }))

    expect(draft().value).toBe('Buy mil')
  })

  it('nothing that was typed is lost when it becomes known later who is signed in', async () => {
    const auth = await openWithOpaqueToken()
    type('Buy mil')

    act(() => auth.setUser(JOHN_USER))

    expect(draft().value).toBe('Buy mil')
  })

  it('the dialog stays when somebody presses Escape, and can be left by its link', async () => {
    const { auth, place } = await openTodos()
    await endSession(auth)
    const shown = screen.getByRole<HTMLDialogElement>('dialog')
    expect(shown.getAttribute('closedby')).toBe('none')
    act(() => shown.close()) // a browser that does not know that attribute
    expect(shown.open).toBe(true)

    await act(async () => void fireEvent.click(screen.getByRole('link', { name: 'Leave this page' })))

    expect(dialog()).toBeNull()
    expect(place()).toBe('/sign-in?to=%2F')
  })

  it('by the person’s own wish, the sign-in page says so, and there is no dialog', async () => {
    const { place } = await openTodos()
    const shown = vi.spyOn(HTMLDialogElement.prototype, 'showModal')
    onTestFinished(() => shown.mockRestore())

    await press('Sign out')

    await waitFor(() => expect(place()).toBe('/sign-in'))
    expect(shown).not.toHaveBeenCalled()
    expect(screen.getByText('You have signed out.')).toBeTruthy()
  })

  it('by the person’s own wish, the focus goes to the page that comes', async () => {
    const { place } = await openTodos()
    screen.getByRole('button', { name: 'Sign out' }).focus()

    await press('Sign out')

    await waitFor(() => expect(place()).toBe('/sign-in'))
    expect(document.activeElement).toBe(screen.getByRole('main'))
  })
})

it('says that the server is away when the token has expired, keeps the page, and goes on when it is back', async () => {
  server.setLifetime(1000)
  server.fail('refresh', { status: 503, times: Number.POSITIVE_INFINITY })
  await openTodos()
  type('Buy mil')

  expect(await screen.findByText(/You are still signed in/, {}, { timeout: 5000 })).toBeTruthy()
  expect(draft().value).toBe('Buy mil')
  server.recover()
  await act(async () => void window.dispatchEvent(new Event('online')))

  await waitFor(() => expect(screen.queryByText(/You are still signed in/)).toBeNull())
  expect(dialog()).toBeNull()
})

describe('another tab', () => {
  async function openTwoTabs() {
    const browser = virtualBrowser()
    const [here, there] = [createAuth(browser.openTab().options), createAuth(browser.openTab().options)]
    await here.login(JOHN)
    await there.start()
    const app = await openApp(here)
    expect(await screen.findByText('Water the plants')).toBeTruthy()
    return { ...app, here, there }
  }

  it('signs out: the dialog says so here', async () => {
    const { there } = await openTwoTabs()
    type('Buy mil')

    await act(() => there.logout())

    await waitFor(() => expect(dialog()?.textContent).toContain('You have signed out in another tab.'))
    expect(draft().value).toBe('Buy mil')
  })

  it('signs in again: the dialog goes, and what was typed is there', async () => {
    const { there } = await openTwoTabs()
    type('Buy mil')
    await act(() => there.logout())
    await waitFor(() => expect(dialog()).toBeTruthy())

    await act(() => there.login(JOHN))

    await waitFor(() => expect(dialog()).toBeNull())
    expect(draft().value).toBe('Buy mil')
  })

  it('signs in somebody else: the page is theirs from then on, and says so', async () => {
    const { there } = await openTwoTabs()
    type('A secret of John')

    await act(() => there.login(ADA))

    expect(await screen.findByText(/You are now Ada Admin/)).toBeTruthy()
    expect(dialog()).toBeNull()
    expect(draft().value).toBe('')
  })
})

describe('the page for admins', () => {
  it('is there for who has the role', async () => {
    network.use(
      http.get(
        `${baseUrl}/admin`,
        server.protect(() => HttpResponse.json({ message: 'Welcome.' }), 'admin'),
      ),
    )
    const auth = createAuth()
    await auth.login(ADA)

    await openApp(auth, '/admin')

    expect(await screen.findByText('The server says: “Welcome.”')).toBeTruthy()
  })

  it('is not there for others; the server says 403, and that renews nothing and signs nobody out', async () => {
    const auth = createAuth()
    await auth.login(JOHN)
    await openApp(auth, '/admin')
    expect(server.requestsTo('admin')).toEqual([])

    await press('Ask the server all the same')

    expect(await screen.findByText(/^403 Forbidden/)).toBeTruthy()
    expect(server.requestsTo('admin').map(({ status }) => status)).toEqual([403])
    expect(server.refreshes).toBe(0)
    expect(auth.state.status).toBe('authenticated')
  })
})

it('an address that leads nowhere has a page that says so', async () => {
  await openApp(createAuth(), '/nowhere')

  expect(screen.getByText('There is no such page')).toBeTruthy()
})
