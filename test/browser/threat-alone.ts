import { hands } from './threat-page.ts'

/**
 * A page that nobody drives: Chromium prerenders nothing for pages that DevTools look into. It signs in, leaves for a page
 * that has it prerendered, and tells the server what becomes of it there.
 */
const here = new URL(location.href)
const page = document as Document & { readonly prerendering: boolean }
const pause = (duration: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, duration))

async function report(when: string): Promise<void> {
  const [navigation] = performance.getEntriesByType('navigation') as unknown as { activationStart: number }[]
  const { state, events } = hands.look()
  const { status, freshness } = state as { status: string; freshness?: string }
  const names = events.map(({ name }) => name)
  const { activationStart } = navigation ?? {}
  const body = JSON.stringify({ when, isPrerendering: page.prerendering, activationStart, status, freshness, names })
  await fetch('/report', { method: 'POST', body })
}

if (here.searchParams.has('first')) {
  await hands.login()
  await pause(2200) // until the token has expired
  here.searchParams.delete('first')
  here.pathname = 'prerendering'
  location.assign(here)
} else {
  await report('loaded')
  void hands.start()
  page.addEventListener('prerenderingchange', async () => {
    await report('activated')
    await hands.start()
    await pause(1500)
    await report('settled')
  })
}
