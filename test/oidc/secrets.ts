import { inspect } from 'node:util'
import { expect } from 'vitest'
import type { Provider } from './provider.ts'
import type { Page } from './scene.ts'

const OPTIONS = { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true } as const

/** All that `value` may show to somebody who logs it. */
function writings(value: unknown): string {
  const texts = [inspect(value, OPTIONS), String(value), JSON.stringify(value) ?? '']
  if (value instanceof Error)
    texts.push(value.stack ?? '', inspect(value.cause, OPTIONS), inspect({ ...value }, OPTIONS))
  return texts.join('\n')
}

/** Expects that no code or token which the provider has given out shows in what a page told, nor in `more`. */
export function expectNoSecret(provider: Provider, { client, events, reported }: Page, ...more: unknown[]): void {
  const told = [events, reported, client, client.explain(), location.href, history.state, ...more].map(writings)
  expect(provider.secrets.length).toBeGreaterThan(0)
  expect(provider.secrets.filter((secret) => told.some((text) => text.includes(secret)))).toEqual([])
}
