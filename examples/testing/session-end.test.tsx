import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { afterEach, expect, it } from 'vitest'
import { App } from './app.tsx'
import { auth, baseUrl } from './client.ts'
import { server } from './server.ts'
import { network } from './setup.ts'

afterEach(cleanup)

it('lists what there is with a token that has expired, and asks for sign-in when the session is over', async () => {
  const todos = server.protect(() => HttpResponse.json(['Feed the cat']))
  network.use(http.get(`${baseUrl}/todos`, todos))
  await auth.login({ username: 'johndoe', password: 'password123' })
  render(<App />)
  server.expireAccessTokens()
  fireEvent.click(screen.getByRole('button', { name: 'Load' }))
  expect(await screen.findByText('Feed the cat')).toBeDefined()
  server.revoke('johndoe')
  fireEvent.click(screen.getByRole('button', { name: 'Load' }))
  expect(await screen.findByText('Your session has ended. Please sign in again.')).toBeDefined()
  expect(server.requestsTo('todos').map(({ status }) => status)).toEqual([401, 200, 401])
})
