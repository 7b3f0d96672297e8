import { inspect } from 'node:util'
import { isAuthError } from 'latchkey'
import type { SharedBrowser } from './shared-browser.ts'
import type { Tab, World } from './tab.ts'
import type { Course } from './tabs-course.ts'
import { CANARY } from './token-server.ts'

const KEY = 'latchkey'

/** All have the same token of the same session, or none; and a session that nobody ended is there. */
export async function checkAgreement(
  world: World,
  course: Course,
  browser: SharedBrowser,
  tabs: readonly Tab[],
): Promise<void> {
  const { setting, time, findings } = world
  const { scope, timeout } = setting
  const traces = (): string =>
    inspect(
      tabs.map(({ client }) => client.explain().slice(-6)),
      { depth: 4 },
    )
  let found: (string | undefined)[] = []
  // At the moment of a renewal some may know of it, and others not yet.
  for (let round = 0; round < 3 && (round === 0 || new Set(found).size > 1); round += 1) {
    found = tabs.map(() => undefined)
    for (const [index, { client }] of tabs.entries()) {
      client.getAccessToken().then(
        (token) => {
          found[index] = token
        },
        (error: unknown) => {
          found[index] = isAuthError(error) ? error.code : String(error)
        },
      )
    }
    await time.advance(timeout + 11_000)
  }
  if (found.includes(undefined)) findings.add('with a healthy server nobody answers')
  // A tab whose own script has taken its record away is not told of it (X1).
  if (scope === 'origin' && !course.isCleared && new Set(found).size > 1)
    findings.add(`the tabs disagree: ${found.join()}; ${traces()}`)
  for (const [index, { live = '?' }] of tabs.entries()) {
    if (live !== '?' && !found[index]?.includes(CANARY) && !course.mayBeLost(live))
      findings.add(`with a healthy server session ${live} gets ${found[index]}; ${traces()}`)
  }
  const row = browser.rows.get(KEY)
  const record = browser.storage.items.get(KEY)
  // A sign-out perhaps; or the write of a tab that did not live to take it back, or whose client did not: the tombstone
  // keeps it from being used.
  const isCutShort = course.isCleared || course.tabs.some(({ page, isDisposed }) => !page.isAlive || isDisposed)
  if (scope === 'origin' && row?.ended && record?.includes(row.id) && tabs.length > 0 && !isCutShort)
    findings.add(`the tokens of an ended session are left in the storage; ${traces()}`)
  const [first] = tabs
  if (scope !== 'origin' || !first || !row || row.ended || row.generation === 0 || first.live) return
  const family = course.nameOf(row.id)
  if (family && !course.mayBeLost(family) && !course.isCleared)
    findings.add(`session ${family} is lost: ${inspect(row)}; ${traces()}`)
}

/** Nothing tells a token, and nothing is left behind. */
export function checkRemains({ findings }: World, course: Course, browser: SharedBrowser): void {
  for (const tab of course.tabs) {
    findings.checkSecrets('explain()', tab.client.explain())
    for (const error of tab.page.reported) {
      if (!isAuthError(error) || error.code !== 'misconfigured') findings.add(`reported: ${inspect(error)}`)
    }
  }
  for (const { page } of course.tabs) {
    if (!page.isAlive) continue
    const left = {
      timers: page.timerCount,
      listeners: page.listenerCount + browser.storage.listenerCountOf(page),
      channels: browser.channelCountOf(page),
      locks: Number(browser.isInLine(page)),
    }
    if (Object.values(left).some((count) => count > 0)) findings.add(`left after dispose(): ${inspect(left)}`)
  }
}
