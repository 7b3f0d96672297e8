import type { IncomingMessage } from 'node:http'
import type { Page } from 'playwright'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Api } from './api.ts'
import { nameAddresses } from './project.ts'
import { keepsItsPromises } from './promises.ts'
import { closeInMidRefresh, type Scene, setTheScene } from './scene.ts'
import { filesOf } from './site.ts'

/** What a browser has refused because of the site's policy. */
interface Violation {
  readonly directive: string
  readonly blocked: string
}

/** A scene under a strict policy. */
interface StrictScene extends Scene {
  /** What pages and workers have violated in this test, as they report it to the server. */
  readonly reports: readonly Violation[]
}

/** As strict as they come; `types` are the policies of Trusted Types that may be made. */
function strict(api: Api, types: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "worker-src 'self'",
    `connect-src 'self' ${api.url}`,
    "require-trusted-types-for 'script'",
    `trusted-types ${types}`,
    'report-uri /reports',
  ].join('; ')
}

async function readReport(request: IncomingMessage): Promise<Violation> {
  let text = ''
  for await (const part of request.setEncoding('utf8')) text += part
  const { 'csp-report': report } = JSON.parse(text)
  return { directive: report['effective-directive'], blocked: report['script-sample'] || report['blocked-uri'] }
}

/** Serves the app, its workers too, under that policy. */
function serveStrictly(types: string): StrictScene {
  const reports: Violation[] = []
  const scene = setTheScene(async (folder, site, api) => {
    nameAddresses(folder)
    const files = filesOf(folder, { 'content-security-policy': strict(api, types) })
    site.serve = async (request, response) => {
      if (request.url !== '/reports') return files(request, response)
      reports.push(await readReport(request))
      response.writeHead(204).end()
    }
    return async () => undefined
  })

  beforeEach(async () => {
    reports.length = 0
    await scene.context.addInitScript(() => {
      const violations: Violation[] = []
      Object.assign(globalThis, { violations })
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective, sample, blockedURI }) =>
        violations.push({ directive: effectiveDirective, blocked: sample || blockedURI }),
      )
    })
  })
  return Object.assign(scene, { reports })
}

function violationsIn(page: Page): Promise<readonly Violation[]> {
  return page.evaluate(() => (globalThis as unknown as { violations: Violation[] }).violations)
}

describe('where Trusted Types allow a policy of the app', () => {
  const scene = serveStrictly('latchkey-app')
  keepsItsPromises(scene, '/policy.html')

  afterEach(async () => {
    for (const page of scene.context.pages()) expect(await violationsIn(page)).toEqual([])
    expect(scene.reports).toEqual([])
  })
})

describe('where Trusted Types allow no policy', () => {
  const scene = serveStrictly("'none'")

  it('no worker can start: the page makes the refresh, and says so', async () => {
    const { api, site } = scene
    const tab = await scene.enter()
    const first = await tab.token()
    expect(await tab.renew()).not.toBe(first)
    expect(await tab.renew()).not.toBe(first)
    expect(await tab.called(api.url)).toEqual(['/login', '/refresh', '/refresh'])
    expect((await tab.explain()).filter(({ what }) => what === 'no worker')).toHaveLength(1)

    const refused = {
      directive: 'require-trusted-types-for',
      blocked: `SharedWorker constructor|${site.origin}/refresh.worker.js`,
    }
    expect(await violationsIn(tab.page)).toEqual([refused])
    await expect.poll(() => scene.reports).toEqual([refused])
  })

  it('two tabs renew once by the lock', async () => {
    const { api } = scene
    const one = await scene.enter()
    const other = await scene.open()
    const before = await api.counts()
    const [token, same] = await Promise.all([one.renew(), other.renew()])
    expect(token).toBe(same)
    expect((await api.counts()).refreshes).toBe(before.refreshes + 1)
    expect(await violationsIn(other.page)).toHaveLength(1)
  })

  it('a tab closed in mid-refresh takes the session with it: what the worker is for', async () => {
    const { api } = scene
    await closeInMidRefresh(await scene.enter(), api)
    const next = await scene.open()
    await expect(next.renew()).rejects.toThrow('Nobody is signed in')
    expect(await next.status()).toBe('unauthenticated')
  })
})
