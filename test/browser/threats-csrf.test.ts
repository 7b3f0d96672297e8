import type { Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createServer } from '../../examples/server/app.ts'
import type { Counts } from '../../examples/server/control.ts'
import { addressOf, type House, openHouse, type Tab } from './threat-house.ts'

const API = 'https://api.shop.test'
const APP = 'https://app.shop.test'

let house: House
let hidesOrigin = false
let server: Awaited<ReturnType<typeof createServer>>

beforeAll(async () => {
  house = await openHouse({
    async 'api.shop.test'({ url, method, headers, body }, response, incoming) {
      const { origin: _, ...others } = headers
      const kept = (hidesOrigin ? others : headers) as Record<string, string>
      const init = { method, headers: kept, ...(body && { body }) }
      const answer = await server.fetch(new Request(url, init), { incoming })
      response.writeHead(answer.status, [...answer.headers].flat())
      response.end(await answer.text())
    },
  })
})
afterAll(() => house?.close())
beforeEach(async () => {
  await house.begin()
  hidesOrigin = false
  server = await createServer({ origins: [APP], refreshTokenIn: 'cookie', control: true })
})
afterEach(() => expect(house.complaints).toEqual([]))

const counts = async (): Promise<Counts> => (await server.request('/control')).json() as Promise<Counts>

async function signedIn(): Promise<Tab> {
  const tab = await house.open({ via: 'cookie', baseUrl: API }, APP)
  expect(await tab.call('login', 'johndoe', 'password123')).toMatchObject({ status: 0 })
  return tab
}

/** Has the browser send whatever a page can make it send, by itself and by script. */
function attack(page: Page): Promise<void> {
  return page.evaluate(async (api) => {
    const settled: Promise<unknown>[] = []
    const loaded = (element: HTMLElement): Promise<unknown> =>
      new Promise((resolve) => {
        element.onload = element.onerror = resolve
        setTimeout(resolve, 2000)
      })
    const post = (path: string, enctype: string, fields: Record<string, string>, target?: string): void => {
      const form = document.createElement('form')
      const frame = document.createElement('iframe')
      frame.name = `frame-${settled.length}`
      Object.assign(form, { action: `${api}/${path}`, method: 'POST', enctype, target: target ?? frame.name })
      for (const [name, value] of Object.entries(fields)) {
        const input = document.createElement('input')
        Object.assign(input, { name, value })
        form.append(input)
      }
      document.body.append(form, frame)
      form.submit()
      if (!target) settled.push(loaded(frame))
    }
    const ask = (path: string, init: RequestInit): void => {
      settled.push(fetch(`${api}/${path}`, { credentials: 'include', ...init }).catch(() => undefined))
    }
    const header = { 'X-Auth-Request': '1' }
    const mallory = { username: 'admin', password: 'password123' }
    for (const path of ['refresh', 'logout', 'login']) {
      for (const enctype of ['application/x-www-form-urlencoded', 'multipart/form-data']) post(path, enctype, mallory)
      // Text that is JSON, once the browser has put its `=` into it.
      post(path, 'text/plain', { '{"username":"admin","password":"password123","x":"': '"}' })
      const body = JSON.stringify(mallory)
      ask(path, { method: 'POST', mode: 'no-cors', body })
      ask(path, { method: 'POST', mode: 'no-cors', body, headers: header })
      ask(path, { method: 'POST', mode: 'cors', body, headers: { ...header, 'content-type': 'application/json' } })
      ask(path, { method: 'POST', mode: 'cors', body: new URLSearchParams(mallory) })
      ask(path, { method: 'GET', mode: 'no-cors' })
      navigator.sendBeacon(`${api}/${path}`, body)
      navigator.sendBeacon(`${api}/${path}`, new Blob([body], { type: 'text/plain' }))
      for (const tag of ['img', 'iframe', 'script'] as const) {
        const element = document.createElement(tag)
        element.src = `${api}/${path}?${new URLSearchParams(mallory)}`
        document.body.append(element)
        settled.push(loaded(element))
      }
    }
    await Promise.all(settled)
    // And last, by leaving for there: then even a strict cookie goes along, from a page of the same site.
    post('refresh', 'text/plain', {}, '_top')
    await new Promise(() => undefined)
  }, API)
}

const BLOG = addressOf({}, 'empty', 'https://blog.shop.test')

describe('a page', () => {
  it.each([
    ['another site', 'https://evil.test/', false],
    ['another origin of the same site', BLOG, false],
    ['the same site, where something on the way drops `Origin`,', BLOG, true],
  ])('T7: of %s can make the server neither renew, nor sign anybody in or out', async (_, address, isHidden) => {
    const tab = await signedIn()
    hidesOrigin = isHidden
    const page = await house.visit(address)
    house.seen.length = 0
    await attack(page).catch(() => undefined) // it leaves in the end
    await page.waitForLoadState()

    const attempts = house.seen.filter(({ url, method }) => url.startsWith(API) && method !== 'OPTIONS')
    expect(attempts.length).toBeGreaterThan(25)
    const withCookie = attempts.filter(({ headers }) => headers.cookie?.includes('refresh_token'))
    // From the same site the cookie comes along, so that the header alone is between them and the session.
    if (address.includes('shop')) expect(withCookie.length).toBeGreaterThan(10)
    else expect(withCookie).toEqual([])
    expect(attempts.filter(({ headers }) => headers['x-auth-request'])).toEqual([])
    expect(await counts()).toMatchObject({ logins: 1, refreshes: 0, reuses: 0 })

    hidesOrigin = false
    expect(await tab.call('renew')).toMatchObject({ status: 0 })
    expect((await tab.call('look')).state).toMatchObject({ status: 'authenticated', user: { username: 'johndoe' } })
    expect(await counts()).toMatchObject({ logins: 1, refreshes: 1, reuses: 0 })
  })
})

describe('the client itself', () => {
  it('T7: brings the header with each token call, and the cookie with no other', async () => {
    const tab = await signedIn()
    await tab.call('renew')
    await tab.call('get', 'todos')
    await tab.call('logout')
    const sent = house.seen.filter(({ url, method }) => url.startsWith(API) && method !== 'OPTIONS')
    const calls = sent.map(({ url, method, headers }) => [
      `${method} ${new URL(url).pathname}`,
      headers['x-auth-request'],
      !!headers.cookie,
    ])
    expect(calls).toEqual([
      ['POST /login', '1', false],
      ['GET /me', '1', true],
      ['POST /refresh', '1', true],
      ['GET /todos', undefined, false],
      ['POST /logout', '1', true],
    ])
    expect(await tab.page.context().cookies()).toEqual([])
  })
})
