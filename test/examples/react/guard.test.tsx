import { act, screen } from '@testing-library/react'
import { AuthError, jsonBackend } from 'latchkey'
import { describe, expect, it } from 'vitest'
import type { Credentials, User } from '../../../examples/react/client.ts'
import { ownPath } from '../../../examples/react/guard.ts'
import { baseUrl, server } from './api.ts'
import { createAuth, JOHN, openApp, signInWith } from './app.tsx'

describe('the loader guard', () => {
  it('sends who is not signed in to the sign-in page, and on to where they wanted to go', async () => {
    const { place } = await openApp(createAuth(), '/admin?tab=1')
    expect(place()).toBe('/sign-in?to=%2Fadmin%3Ftab%3D1')

    await signInWith(JOHN)

    expect(place()).toBe('/admin?tab=1')
    expect(screen.getByRole('heading', { level: 2 }).textContent).toBe('Not for you')
  })

  it('waits for the session to be restored, and then lets in, without the sign-in page in between', async () => {
    localStorage.setItem('latchkey.mark', '1')
    await server.issueTokens('johndoe') // the cookie of an earlier visit
    server.delay('refresh', 50)
    const { place } = await openApp(createAuth())
    expect(screen.getByText('Looking for a session…')).toBeTruthy()

    expect(await screen.findByText('Your todos')).toBeTruthy()

    expect(place()).toBe('/')
    expect(server.logins).toBe(0)
  })

  it('goes on by itself when somebody has signed in by other means, in another tab say', async () => {
    const auth = createAuth()
    const { place } = await openApp(auth)
    expect(place()).toBe('/sign-in?to=%2F')

    await act(() => auth.login(JOHN))

    expect(place()).toBe('/')
  })

  it('shows the sign-in page where a redirect login was refused, each time it is asked', async () => {
    const refused = new AuthError('invalid_credentials', 'The person said no.', { oauthError: 'access_denied' })
    const json = jsonBackend<Credentials, User>({ baseUrl, refreshVia: 'cookie', user: 'me' })
    const auth = createAuth({ backend: { ...json, resume: () => Promise.reject(refused) } })
    const { place, router } = await openApp(auth)
    expect(place()).toBe('/sign-in?to=%2F')

    await act(() => router.navigate('/admin'))

    expect(place()).toBe('/sign-in?to=%2Fadmin')
  })

  it('never leads away from this site', async () => {
    const { place } = await openApp(createAuth(), '/sign-in?to=//evil.example/todos')

    await signInWith(JOHN)

    expect(place()).toBe('/')
  })
})

describe('ownPath', () => {
  it.each([
    ['/', '/'],
    ['/admin?tab=1#top', '/admin?tab=1#top'],
    ['admin', '/admin'],
    [null, '/'],
    ['', '/'],
    ['https://evil.example/x', '/'],
    ['//evil.example', '/'],
    ['/\\evil.example', '/'],
    ['\\\\evil.example', '/'],
    ['/\t/evil.example', '/'],
    [' //evil.example', '/'],
    ['/x/..//evil.example', '/evil.example'],
    ['/.//evil.example', '/evil.example'],
    ['javascript:alert(1)', '/'],
    ['data:text/html,x', '/'],
    ['http://here.invalid.evil.example/', '/'],
    ['https://[', '/'],
    ['blob:https://here.invalid//x', '/'],
    ['http://here.invalid/x', '/'],
  ])('makes of %j the path %s', (to, path) => {
    expect(ownPath(to)).toBe(path)
    expect(new URL(ownPath(to), 'https://app.example').origin).toBe('https://app.example')
  })
})
