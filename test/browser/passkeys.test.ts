import { type Browser, chromium } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { app } from '../../examples/passkeys/start.ts'
import { type Example, startApp } from '../../examples/start-app.ts'
import { launchOptions } from './ensure-browser.ts'
import {
  answer,
  type Claimed,
  type DevicePasskey,
  openPasskeys,
  type PasskeysPage,
  picture,
  postTo,
  registerOn,
  signFor,
  tokenOf,
  withIdOf,
} from './passkeys-page.ts'

let browser: Browser
let calm: Example // tokens live longer than any test, on a clock that a test may turn
let hasty: Example // tokens live 4 seconds
let late = 0
let opened: PasskeysPage[] = []

beforeAll(async () => {
  const ports = { page: 0 }
  calm = await startApp(app, { ports, lifetime: 3600, watch: false, now: () => Date.now() + late })
  hasty = await startApp(app, { ports, lifetime: 4, watch: false })
  browser = await chromium.launch(launchOptions())
})

afterAll(async () => {
  await browser?.close()
  await Promise.all([calm?.stop(), hasty?.stop()])
})

afterEach(async () => {
  const complaints = opened.flatMap((each) => each.complaints)
  await Promise.all(opened.map(({ context }) => context.close()))
  opened = []
  late = 0
  expect(complaints).toEqual([])
})

async function open(example = calm): Promise<PasskeysPage> {
  const page = await openPasskeys(browser, example)
  opened.push(page)
  return page
}

async function registered(example = calm): Promise<PasskeysPage> {
  const page = await open(example)
  await registerOn(page, 'johndoe')
  return page
}

const post = (path: string, body: unknown, token?: string) => postTo(calm, path, body, token)

it('signs in with a passkey that was added after a sign-in with the password', async () => {
  const example = await registered()

  await example.press('Sign in with a passkey')

  await example.sees('who', 'johndoe')
  await example.sees('list', 'last used at')
  await example.sees('claims', 'u1')
  await example.sees('expiry', /expires in \d+ seconds/)
  await picture(example, 'passkeys-signed-in')
})

it('puts the Bearer header on calls of a session that began with a passkey', async () => {
  const example = await registered()
  const called = example.page.waitForRequest(`${calm.api}/passkeys`)

  await example.press('Sign in with a passkey')

  expect((await called).headers().authorization).toBe(`Bearer ${await example.token()}`)
})

it('renews the tokens of such a session by itself, and asks nobody for the passkey again', async () => {
  const example = await registered(hasty)
  await example.press('Sign in with a passkey')
  await example.sees('who', 'johndoe')
  const asked = example.requests('/passkeys/sign-in').length

  await example.sees('renewed', /^[2-9] times/)

  expect(example.requests('/passkeys/sign-in')).toHaveLength(asked)
  expect(await example.call('passkeys')).toBe(200)
})

it('keeps the session over a reload', async () => {
  const example = await registered()
  await example.press('Sign in with a passkey')
  await example.sees('who', 'johndoe')
  const asked = example.requests('/passkeys/sign-in').length

  await example.page.reload()

  await example.sees('who', 'johndoe')
  await example.sees('list', 'last used at')
  expect(example.requests('/passkeys/sign-in')).toHaveLength(asked)
})

it('ends the session on the server and in the browser at sign-out', async () => {
  const example = await registered()
  await example.press('Sign in with a passkey')
  await example.sees('who', 'johndoe')
  const told = example.page.waitForResponse(`${calm.api}/logout`)

  await example.press('Sign out')

  await example.sees('reason', 'You have signed out.')
  expect((await told).status()).toBe(204)
  expect(await answer(post('/refresh', (await told).request().postDataJSON()))).toBe('401 invalid_grant')
  expect(await example.record()).toBeNull()
  await example.page.reload()
  await example.page.getByRole('heading', { name: 'Sign in' }).waitFor()
})

it('signs in the person who is named, where the device has passkeys of several', async () => {
  const example = await registered()
  await registerOn(example, 'admin')

  expect(await example.login({ username: 'johndoe' })).toBe('johndoe')
  expect(await example.login({ username: 'admin' })).toBe('admin')
  await example.sees('who', 'admin')
})

describe('who is not signed in is told why', () => {
  it('when the person cancels, who may then try again', async () => {
    const example = await registered()
    await example.device.knowsPerson(false)

    await example.press('Sign in with a passkey')

    await example.sees('problem', 'You are not signed in: you cancelled')
    expect(await example.record()).toBeNull()
    expect(await example.page.getByRole('button', { name: 'Sign in with a passkey' }).isEnabled()).toBe(true)
    await picture(example, 'passkeys-cancelled')
    await example.device.knowsPerson(true)
    await example.press('Sign in with a passkey')
    await example.sees('who', 'johndoe')
  })

  it('when the device has no passkey for this page', async () => {
    const example = await open()

    await example.press('Sign in with a passkey')

    await example.sees('problem', 'there is no passkey here')
    expect(await example.record()).toBeNull()
  })

  it('when the server does not know the passkey', async () => {
    const example = await registered(hasty)
    await example.page.goto(calm.url) // another server for the same domain, as after a restart

    await example.press('Sign in with a passkey')

    await example.sees('problem', 'The server does not know this passkey')
    expect(await example.record()).toBeNull()
  })

  it('when the server cannot be reached', async () => {
    const example = await registered()
    await example.page.route(`${calm.api}/**`, (route) => route.abort('connectionrefused'))

    await example.press('Sign in with a passkey')

    await example.sees('problem', 'The server cannot be reached.')
  })
})

describe('adding a passkey', () => {
  it('is refused by a device that has one already', async () => {
    const example = await open()
    await example.signInWithPassword()
    await example.press('Add a passkey')
    await example.sees('news', 'Passkey added.')

    await example.press('Add a passkey')

    await example.sees('adding-problem', 'This device has a passkey for you already.')
    expect(await example.device.passkeys()).toHaveLength(1)
  })

  it('leaves the person signed in who cancels', async () => {
    const example = await open()
    await example.signInWithPassword('admin')
    await example.device.knowsPerson(false)

    await example.press('Add a passkey')

    await example.sees('adding-problem', 'No passkey was added: you cancelled')
    await example.sees('who', 'admin')
  })
})

describe('a login that waits for the person', () => {
  it('gives way to a newer one', async () => {
    const example = await registered()
    await example.device.hasPerson(false)
    const waiting = example.login({})
    await example.asks()

    const newer = example.login({ username: 'admin', password: 'password123' })

    expect(await waiting).toBe('aborted')
    expect(await newer).toBe('admin')
    await example.stopsAsking()
    expect(example.requests('/passkeys/sign-in')).toEqual([])
  })

  it('ends when the person signs out in this tab', async () => {
    const example = await registered()
    await example.device.hasPerson(false)
    const waiting = example.login({})
    await example.asks()

    await example.logout()

    expect(await waiting).toBe('aborted')
    await example.stopsAsking()
    expect(await example.record()).toBeNull()
  })
})

describe('the server', () => {
  let johns: DevicePasskey
  let admins: DevicePasskey

  beforeAll(async () => {
    const example = await registered()
    await registerOn(example, 'admin')
    const passkeys = await example.device.passkeys()
    johns = passkeys.find(({ userName }) => userName === 'johndoe') as DevicePasskey
    admins = passkeys.find(({ userName }) => userName === 'admin') as DevicePasskey
  })

  const present = (response: unknown) => answer(post('/passkeys/sign-in', response))
  const signed = (claimed: Partial<Claimed> = {}, passkey = johns) => signFor(calm, passkey, claimed)

  it('takes a signature once, at the same time or later', async () => {
    const response = await signed()

    const answers = await Promise.all([present(response), present(response)])

    expect(answers.sort()).toEqual(['200', '401 passkey_refused'])
    expect(await present(response)).toBe('401 passkey_refused')
  })

  it.each<[what: string, claimed: Partial<Claimed>]>([
    ['of another page', { origin: 'https://evil.example' }],
    ['of another port', { origin: 'http://localhost:1' }],
    ['for another domain', { rpId: 'evil.example' }],
    ['of a challenge that it never gave out', { challenge: Buffer.alloc(32, 7).toString('base64url') }],
    ['of another kind', { type: 'webauthn.create' }],
    ['in the name of somebody else', { userHandle: Buffer.from('u2').toString('base64url') }],
  ])('refuses a signature %s', async (_what, claimed) => {
    expect(await present(await signed(claimed))).toBe('401 passkey_refused')
  })

  it('refuses a signature by another key', async () => {
    expect(await present(await signed({}, { ...johns, privateKey: admins.privateKey }))).toBe('401 passkey_refused')
  })

  it('refuses a copy of a device, which has not counted the last sign-in', async () => {
    const copy = { ...johns }
    expect(await present(await signed())).toBe('200')

    expect(await present(await signed({}, copy))).toBe('401 passkey_refused')
  })

  it('refuses a challenge after five minutes', async () => {
    const [soon, tooLate] = [await signed(), await signed()]

    late = 5 * 60_000 - 10_000
    expect(await present(soon)).toBe('200')
    late = 5 * 60_000
    expect(await present(tooLate)).toBe('401 passkey_refused')
  })

  it('refuses a challenge that was for adding a passkey', async () => {
    const { challenge } = await (await post('/passkeys/options', {}, await tokenOf(calm, 'johndoe'))).json()

    expect(await present(await signed({ challenge }))).toBe('401 passkey_refused')
  })

  it('refuses what a page of another origin got signed by the real browser', async () => {
    const example = await registered()
    await example.page.goto(hasty.url)
    const options = await (await post('/passkeys/sign-in/options', {})).json()

    const relayed = await example.page.evaluate(async (json) => {
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(json)
      return ((await navigator.credentials.get({ publicKey })) as PublicKeyCredential).toJSON()
    }, options)

    expect(await present(relayed)).toBe('401 passkey_refused')
  })

  it('adds a passkey once, for the person alone who asked, and never in place of another', async () => {
    const example = await open()
    const [john, admin] = [await tokenOf(calm, 'johndoe'), await tokenOf(calm, 'admin')]
    const create = async (token: string) => example.create(await (await post('/passkeys/options', {}, token)).json())
    const [first, second, taken] = [await create(john), await create(john), withIdOf(johns, await create(admin))]

    expect(await answer(post('/passkeys', first))).toBe('401 missing_token')
    expect(await answer(post('/passkeys', first, admin))).toBe('400 passkey_refused')
    expect(await answer(post('/passkeys', second, john))).toBe('201')
    expect(await answer(post('/passkeys', second, john))).toBe('400 passkey_refused')
    expect(await answer(post('/passkeys', taken, admin))).toBe('400 passkey_refused')
    expect(await present(await signed())).toBe('200')
  })

  it('does not tell which names exist, or have passkeys', async () => {
    const options = async (username: string) => (await post('/passkeys/sign-in/options', { username })).json()
    const [real, unknown, again] = [await options('johndoe'), await options('nobody'), await options('nobody')]

    expect(Object.keys(unknown)).toEqual(Object.keys(real))
    expect(unknown.allowCredentials).toHaveLength(1)
    expect(Object.keys(unknown.allowCredentials[0])).toEqual(Object.keys(real.allowCredentials[0]))
    expect(unknown.allowCredentials[0].id).toHaveLength(real.allowCredentials[0].id.length)
    expect(again.allowCredentials).toEqual(unknown.allowCredentials)
  })

  it.each([
    ['', {}],
    ['', { id: 1, response: null }],
    ['', { id: 'x', response: { clientDataJSON: 1 } }],
    ['/options', { username: { $ne: 1 } }],
  ])('answers 400 to a body that makes no sense: sign-in%s %j', async (path, body) => {
    expect(await answer(post(`/passkeys/sign-in${path}`, body))).toBe('400 invalid_request')
  })

  it.each(['%%%', 'AAAA', 'eyJ9'])('answers 401 to garbage such as %s in any field', async (garbage) => {
    for (const field of ['clientDataJSON', 'authenticatorData', 'signature', 'userHandle']) {
      const { response, ...rest } = await signed()
      expect(await present({ ...rest, response: { ...response, [field]: garbage } })).toBe('401 passkey_refused')
    }
  })
})
