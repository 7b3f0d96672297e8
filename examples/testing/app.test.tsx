import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { signedIn } from 'latchkey/testing'
import { afterEach, expect, it } from 'vitest'
import { App } from './app.tsx'
import { auth } from './client.ts'

afterEach(cleanup)

it('shows administrators the way to the administration, until they sign out', async () => {
  await signedIn(auth, { sub: 'u2' }, { user: { name: 'Ada', roles: ['admin'] } })
  render(<App />)
  expect(screen.getByRole('link').textContent).toBe('Administration')
  fireEvent.click(screen.getByRole('button', { name: 'Sign out' }))
  expect((await screen.findByRole('status')).textContent).toBe('Please sign in.')
})
