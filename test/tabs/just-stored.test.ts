import { describe, expect, it } from 'vitest'
import { watch } from '../support/clock.ts'
import { all, formOf, openBrowser, pass, type Tab } from './several-tabs.ts'

/** A tab that is signed in, and one that has not begun, and sees what the other stores so much later. */
async function openPair(lag: number): Promise<readonly [first: Tab, late: Tab]> {
  const { start, open } = openBrowser()
  const first = await start()
  const late = open()
  late.seeStorageLate(lag)
  await all([first.client.login(formOf())])
  return [first, late]
}

describe('a tab that begins while another one’s sign-in is on its way through the storage', () => {
  it('waits some milliseconds for it: `start()` finds the person signed in', async () => {
    const [, late] = await openPair(8)
    const started = watch(late.client.start())
    await pass(100)
    expect(started.value).toMatchObject({ status: 'authenticated' })
    expect(late.events).toEqual([])
  })

  it('begins signed out after 100 ms, and is told of the sign-in when it comes', async () => {
    const [, late] = await openPair(900)
    const started = watch(late.client.start())
    await pass(200)
    expect(started.value).toMatchObject({ status: 'unauthenticated', reason: 'never' })
    await pass(1000)
    expect(late.client.state).toMatchObject({ status: 'authenticated' })
    expect(late.events).toMatchObject([{ name: 'login', origin: 'other-tab' }])
  })
})
