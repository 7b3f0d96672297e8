import { readFileSync } from 'node:fs'
import { AuthClient } from 'latchkey'
import { mockAuthServer } from 'latchkey/testing'
import { setupServer } from 'msw/node'
import { describe, expect, it } from 'vitest'

const baseUrl = 'https://api.example.com'
/** What stands for the app: its one client. */
const auth = new AuthClient({ baseUrl })

describe('the test that an app has of its sign-in', () => {
  // begin
  it('signs in, survives an expired token, and signs out', async () => {
    const server = mockAuthServer({ baseUrl })
    const network = setupServer(...server.handlers)
    network.listen()
    await auth.login({ username: 'johndoe', password: 'password123' })
    server.expireAccessTokens()
    expect(await auth.http.get('todos').json()).toMatchObject({ username: 'johndoe' })
    expect(server.refreshes).toBe(1)
    await auth.logout()
    expect((await auth.fetch(`${baseUrl}/todos`)).status).toBe(401)
    network.close()
  })
  // end

  it('has twelve lines or fewer', () => {
    const text =
      readFileSync(import.meta.filename, 'utf8')
        .split('// begin')[1]
        ?.split('// end')[0] ?? ''
    const lines = text.split('\n').filter((line) => line.trim() !== '')

    expect(lines.length).toBeGreaterThan(5)
    expect(lines.length).toBeLessThanOrEqual(12)
  })
})
