import { type AuthBackend, AuthError, type BackendContext, readTokens } from 'latchkey'
import { describe, expect, it } from 'vitest'
import { FORM, type LoginForm, setUp } from '../support/client.ts'
import { createWire } from '../support/wire.ts'

const TOKEN = 'https://id.test/token'

/** A backend whose refresh makes the calls of `refresh`; the server answers them with `answers`, one after the other. */
async function refreshing(
  refresh: (context: BackendContext) => Promise<unknown>,
  ...answers: (number | 'network-error')[]
) {
  const wire = createWire((_sent, index) => {
    const answer = answers[index]
    if (answer === 'network-error') throw new TypeError('Failed to fetch')
    return Response.json({}, { status: answer ?? 200 })
  })
  const backend: AuthBackend<LoginForm> = {
    id: 'own',
    origin: 'https://id.test',
    refreshVia: 'body',
    login: async () => ({ accessToken: 'a', refreshToken: 'r' }),
    async refresh(_tokens, context) {
      await refresh(context)
      return { accessToken: 'b' }
    },
  }
  const setup = setUp({ backend, fetch: wire.fetch })
  await setup.client.login(FORM)
  const error = await setup.client.getAccessToken({ forceRefresh: true }).catch((reason: unknown) => reason)
  return { ...setup, error }
}

describe('a backend of your own whose refresh fails', () => {
  it('is understood by the status of the refused call, whatever it throws', async () => {
    const { heard } = await refreshing(async ({ fetch }) => {
      const { ok } = await fetch(TOKEN)
      if (!ok) throw new Error('no')
    }, 400)
    expect(heard('logout')).toMatchObject([{ reason: 'revoked', error: { code: 'refresh_rejected', status: 400 } }])
  })

  it('is understood so, too, where it reads the answer without a look at the status', async () => {
    const { heard } = await refreshing(async ({ fetch }) => {
      const response = await fetch(TOKEN)
      return readTokens(await response.json(), response)
    }, 401)
    expect(heard('logout')).toMatchObject([{ reason: 'revoked', error: { code: 'refresh_rejected', status: 401 } }])
  })

  it('is believed where it knows more than the status says', async () => {
    const { client, error, heard } = await refreshing(async ({ fetch }) => {
      await fetch(TOKEN)
      throw new AuthError('misconfigured', 'That was not the token endpoint.')
    }, 401)
    expect(error).toMatchObject({ code: 'misconfigured' })
    expect(client.state.status).toBe('authenticated')
    expect(heard('logout')).toEqual([])
  })

  it('is asked as a method what is final', async () => {
    const wire = createWire(() => Response.json({}, { status: 403 }))
    const backend: AuthBackend<LoginForm> & { final: number } = {
      id: 'own',
      origin: 'https://id.test',
      refreshVia: 'body',
      login: async () => ({ accessToken: 'a', refreshToken: 'r' }),
      async refresh(_tokens, { fetch }) {
        throw new Error(`The server answered ${(await fetch(TOKEN)).status}.`)
      },
      final: 403,
      isFinal({ status }) {
        return status === this.final
      },
    }
    const { client } = setUp({ backend, fetch: wire.fetch })
    await client.login(FORM)
    await expect(client.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({ code: 'login_required' })
    expect(client.state).toMatchObject({ reason: 'revoked' })
  })

  it('is not signed out for the answer to a call before the one that failed', async () => {
    const { client, error } = await refreshing(
      async ({ fetch }) => {
        await fetch(TOKEN)
        await fetch(TOKEN)
      },
      400,
      'network-error',
    )
    expect(error).toMatchObject({ code: 'network' })
    expect(client.state.status).toBe('authenticated')
  })

  it.each(['subject_mismatch', 'key_lost'] as const)('ends the session with %s, for good', async (code) => {
    const { client, error, heard } = await refreshing(async () => {
      throw new AuthError(code, 'It is over.')
    })
    expect(error).toMatchObject({ code: 'login_required', cause: { code } })
    expect(heard('logout')).toMatchObject([{ reason: 'revoked', error: { code } }])
    expect(client.state).toEqual({ status: 'unauthenticated', reason: 'revoked' })
  })
})
