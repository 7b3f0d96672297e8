import * as oauth from 'oauth4webapi'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { visitor } from './visitor.ts'
import { openWorld, type World } from './world.ts'

/** The stage itself, without a browser and without Latchkey: the provider is as strict as the other tests take it to be. */
let world: World
beforeEach(async () => {
  world = await openWorld('')
})
afterEach(() => world.close())

it('gives JWTs for the API and rotates refresh tokens; one that comes twice ends the grant', async () => {
  const person = await visitor(world)
  const first = await person.signIn()
  expect(await person.askApi(first.access_token)).toBe(200)
  expect(await person.askApi('garbage')).toBe(401)

  const second = await person.refresh(first.refresh_token)
  expect(second.refresh_token).not.toBe(first.refresh_token)
  await expect(person.refresh(first.refresh_token)).rejects.toMatchObject({ error: 'invalid_grant' })
  await expect(person.refresh(second.refresh_token)).rejects.toMatchObject({ error: 'invalid_grant' })
  expect(world.provider.reuses()).toBe(1)
})

it('binds tokens to a key, wants nonces at both servers, and takes no proof twice', async () => {
  const person = await visitor(world, { dpop: true })
  const tokens = await person.signIn()
  expect(tokens.token_type).toBe('dpop')
  expect(world.provider.calls('token').map(({ error }) => error)).toEqual(['use_dpop_nonce', undefined])

  expect(await person.askApi(tokens.access_token)).toBe(200)
  expect(world.api.calls.map(({ error }) => error)).toEqual(['use_dpop_nonce', undefined])
  world.api.changeNonce()
  expect(await person.askApi(tokens.access_token)).toBe(200)

  const stolen = { authorization: `Bearer ${tokens.access_token}` }
  expect((await fetch(`${world.api.origin}/me`, { headers: stolen })).status).toBe(401)
  const thief = await visitor(world, { dpop: true })
  expect(await thief.askApi(tokens.access_token)).toBe(401)
  expect(world.api.calls.at(-1)?.error).toBe('invalid_token')

  const [proof] = person.proofs.slice(-1)
  const again = { authorization: `DPoP ${tokens.access_token}`, dpop: proof ?? '' }
  expect((await fetch(`${world.api.origin}/me`, { headers: again })).status).toBe(401)
  expect(world.api.calls.at(-1)?.error).toBe('invalid_dpop_proof')
})

it('gives opaque tokens without a resource, with which userinfo answers', async () => {
  const person = await visitor(world, { resource: false })
  const tokens = await person.signIn()
  expect(tokens.access_token).not.toContain('.')
  expect(await person.askApi(tokens.access_token)).toBe(200)
  expect(await person.userinfo(tokens.access_token)).toMatchObject({ sub: 'ann', name: 'Ann' })
})

it('tells who has signed in with a second factor, and asks for it where it is wanted', async () => {
  const person = await visitor(world)
  const plain = await person.signIn()
  expect(oauth.getValidatedIdTokenClaims(plain)).toMatchObject({ sub: 'ann' })
  const better = await person.signIn({ acr_values: 'urn:example:two-factors' })
  expect(oauth.getValidatedIdTokenClaims(better)).toMatchObject({ sub: 'ann', acr: 'urn:example:two-factors' })
})

it('refuses other origins, wrong passwords, and silent requests of strangers', async () => {
  const person = await visitor(world)
  await expect(person.signIn({ prompt: 'none' })).rejects.toMatchObject({ error: 'login_required' })
  await expect(person.signIn({}, { password: 'wrong' })).rejects.toThrow('Name, password or code is wrong.')
  const { headers, status } = await fetch(`${world.provider.issuer}/token`, {
    method: 'POST',
    headers: { origin: world.foreign.origin },
    body: new URLSearchParams({ client_id: 'page', grant_type: 'refresh_token', refresh_token: 'x' }),
  })
  expect(status).toBe(400)
  expect(headers.get('access-control-allow-origin')).toBeNull()
})
