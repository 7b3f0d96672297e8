import { createHash, createPrivateKey, sign } from 'node:crypto'
import { join } from 'node:path'
import type { Browser, BrowserContext, CDPSession, Page, Request } from 'playwright'
import type { Example } from '../../examples/start-app.ts'

/** What the device knows of a passkey. */
export interface DevicePasskey {
  readonly credentialId: string
  readonly privateKey: string
  readonly userName?: string
  readonly userHandle?: string
  signCount: number
}

/** A telephone or laptop with a fingerprint reader, as Chromium plays it. */
export interface Device {
  passkeys(): Promise<readonly DevicePasskey[]>
  /** Whether the finger is the right one. */
  knowsPerson(yes: boolean): Promise<void>
  /** Whether somebody is there to touch it. */
  hasPerson(yes: boolean): Promise<void>
  forgetAll(): Promise<void>
}

/** The example in a browser of its own, with a device. */
export interface PasskeysPage {
  readonly page: Page
  readonly context: BrowserContext
  readonly device: Device
  /** What the console has said that no network status explains. */
  readonly complaints: string[]
  press(name: string): Promise<void>
  /** Waits until the page says so in the region with this id. */
  sees(id: string, text: string | RegExp): Promise<void>
  signInWithPassword(username?: string): Promise<void>
  /** The requests so far with this path, preflights left out. */
  requests(path: string): readonly Request[]
  /** Signs in by the client of the page; resolves with the name of the person, or with the code of the error. */
  login(credentials: object): Promise<string>
  logout(): Promise<void>
  token(): Promise<string>
  /** Calls the API by the client of the page; resolves with the status. */
  call(path: string): Promise<number>
  /** Waits until the browser asks for a passkey. */
  asks(): Promise<void>
  /** Waits until it asks no longer. */
  stopsAsking(): Promise<void>
  /** Lets the device make a passkey, even where it has one already. */
  create(options: PublicKeyCredentialCreationOptionsJSON): Promise<RegistrationResponseJSON>
  /** What the storage holds of the session. */
  record(): Promise<string | null>
}

const EXPECTED =
  /^Failed to load resource: (the server responded with a status of 40[01] |net::ERR_CONNECTION_REFUSED$)/

/** Opens the example in a fresh context: no storage, and a device without passkeys. */
export async function openPasskeys(browser: Browser, { url }: Example): Promise<PasskeysPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  const complaints: string[] = []
  context.on('weberror', (error) => complaints.push(String(error.error())))
  context.on('console', (message) => {
    const isLoud = message.type() === 'error' || message.type() === 'warning'
    if (isLoud && !EXPECTED.test(message.text())) complaints.push(message.text())
  })
  const page = await context.newPage()
  await page.addInitScript(showPrompt)
  const requests: Request[] = []
  page.on('request', (request) => {
    if (request.method() !== 'OPTIONS') requests.push(request)
  })
  const device = await addDevice(await context.newCDPSession(page))
  await page.goto(url)

  const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
  const sees = (id: string, text: string | RegExp) => page.locator(`#${id}`).filter({ hasText: text }).waitFor()
  // As text: the bundler of the tests would rewrite an import within a function.
  const withAuth = <T>(expression: string) => page.evaluate<T>(`import('/client.ts').then(({ auth }) => ${expression})`)
  return {
    page,
    context,
    device,
    complaints,
    press,
    sees,
    requests: (path) => requests.filter((each) => new URL(each.url()).pathname === path),
    login: (credentials) =>
      withAuth(`auth.login(${JSON.stringify(credentials)}).then(({ user }) => user.username, ({ code }) => code)`),
    logout: () => withAuth('auth.logout()'),
    token: () => withAuth('auth.getAccessToken()'),
    call: (path) => withAuth(`auth.http.get('${path}').then(({ status }) => status)`),
    asks: () => page.locator('html[data-asking="yes"]').waitFor(),
    stopsAsking: () => page.locator('html[data-asking="no"]').waitFor(),
    create: (options) =>
      page.evaluate(
        async (json) => {
          const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(json)
          const created = await navigator.credentials.create({ publicKey })
          return (created as PublicKeyCredential).toJSON() as RegistrationResponseJSON
        },
        { ...options, excludeCredentials: [] },
      ),
    record: () => page.evaluate(() => localStorage.getItem('latchkey-passkeys')),
    async signInWithPassword(username = 'johndoe') {
      await page.getByLabel('Username').fill(username)
      await press('Sign in with the password')
      await sees('who', username)
    },
  }
}

/** Makes the browser's prompt visible to a test, which has no other way to see it. */
function showPrompt(): void {
  const get = navigator.credentials.get.bind(navigator.credentials)
  navigator.credentials.get = async (options) => {
    const root = document.documentElement // not there yet when this script runs
    root.dataset.asking = 'yes'
    try {
      return await get(options)
    } finally {
      root.dataset.asking = 'no'
    }
  }
}

/** Signs in with the password, adds a passkey, and signs out. */
export async function registerOn(example: PasskeysPage, username: string): Promise<void> {
  await example.signInWithPassword(username)
  await example.press('Add a passkey')
  await example.sees('news', 'Passkey added.')
  await example.press('Sign out')
  await example.sees('reason', 'You have signed out.')
}

async function addDevice(cdp: CDPSession): Promise<Device> {
  await cdp.send('WebAuthn.enable')
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return {
    passkeys: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    async knowsPerson(isUserVerified) {
      await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })
    },
    async hasPerson(enabled) {
      await cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled })
    },
    async forgetAll() {
      await cdp.send('WebAuthn.clearCredentials', { authenticatorId })
    },
  }
}

/** What an assertion says. */
export interface Claimed {
  readonly challenge: string
  readonly origin: string
  readonly rpId?: string
  readonly type?: string
  /** What the assertion says of whose passkey it is. */
  readonly userHandle?: string
}

/** Signs a fresh challenge of an example's server as the passkey's device would, but for what is said. */
export async function signFor(
  example: Example,
  passkey: DevicePasskey,
  claimed: Partial<Claimed> = {},
): Promise<AuthenticationResponseJSON> {
  const { challenge } = await (await postTo(example, '/passkeys/sign-in/options', {})).json()
  passkey.signCount += 1
  return signWith(passkey, { challenge, origin: new URL(example.url).origin, ...claimed })
}

/** Signs whatever it is told, as no browser would. */
function signWith(passkey: DevicePasskey, claimed: Claimed): AuthenticationResponseJSON {
  const { challenge, origin, rpId = 'localhost', type = 'webauthn.get' } = claimed
  const flags = 0b101 // somebody was there, and was verified
  const counted = Buffer.alloc(5)
  counted.writeUInt8(flags)
  counted.writeUInt32BE(passkey.signCount, 1)
  const authenticatorData = Buffer.concat([createHash('sha256').update(rpId).digest(), counted])
  const clientData = Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }))
  const signed = Buffer.concat([authenticatorData, createHash('sha256').update(clientData).digest()])
  const key = createPrivateKey({ key: Buffer.from(passkey.privateKey, 'base64'), format: 'der', type: 'pkcs8' })
  const signature = sign(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', signed, key)
  const id = Buffer.from(passkey.credentialId, 'base64').toString('base64url')
  const userHandle = claimed.userHandle ?? Buffer.from(passkey.userHandle ?? '', 'base64').toString('base64url')
  return {
    id,
    rawId: id,
    type: 'public-key',
    clientExtensionResults: {},
    response: {
      authenticatorData: authenticatorData.toString('base64url'),
      clientDataJSON: clientData.toString('base64url'),
      signature: signature.toString('base64url'),
      userHandle,
    },
  }
}

/** Takes a picture for people to look at, where SCREENSHOTS names a folder. */
export async function picture({ page }: PasskeysPage, name: string): Promise<void> {
  const { SCREENSHOTS: folder } = process.env
  if (!folder) return
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 360]) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height: 900 })
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}-${width}.png`), fullPage: true })
    }
  }
}

/** Posts to the server of an example, as anybody may. */
export function postTo({ api }: Example, path: string, body: unknown, token?: string): Promise<Response> {
  return fetch(api + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...(token !== undefined && { Authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  })
}

/** What an answer says in short: the status, and the name of the error. */
export async function answer(response: Promise<Response>): Promise<string> {
  const got = await response
  const { error } = (await got.json()) as { error?: string }
  return error === undefined ? String(got.status) : `${got.status} ${error}`
}

/** Gives a new passkey the id of another one; nothing that is signed says which id is right. */
export function withIdOf(passkey: DevicePasskey, created: RegistrationResponseJSON): RegistrationResponseJSON {
  const rawId = Buffer.from(passkey.credentialId, 'base64')
  const id = rawId.toString('base64url')
  const attestation = Buffer.from(created.response.attestationObject, 'base64url')
  attestation.set(rawId, attestation.indexOf(Buffer.from(created.id, 'base64url')))
  const response = { ...created.response, attestationObject: attestation.toString('base64url') }
  return { ...created, id, rawId: id, response }
}

/** Signs in with the password; resolves with the access token. */
export async function tokenOf(example: Example, username: string): Promise<string> {
  const answered = await postTo(example, '/login', { username, password: 'password123' })
  return ((await answered.json()) as { access_token: string }).access_token
}
