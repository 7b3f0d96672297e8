import { defineDevtools, type LatchkeyDevtoolsElement } from 'latchkey/devtools'
import { onTestFinished, vi } from 'vitest'
import type { AnyClient } from '../../src/devtools/any-client.ts'

/** Puts the element into the page, and waits until it shows something. */
export async function shown(auth: AnyClient, view: LatchkeyDevtoolsElement['view'] = 'panel', says = /./) {
  defineDevtools()
  const element = document.createElement('latchkey-devtools')
  Object.assign(element, { auth, view })
  document.body.append(element)
  onTestFinished(() => element.remove())
  await vi.waitUntil(() => says.test(element.shadowRoot?.textContent ?? ''))
  return { element, root: element.shadowRoot as ShadowRoot }
}

export const byText = (root: ParentNode, text: string): HTMLElement => {
  const found = [...root.querySelectorAll<HTMLElement>('button, summary')].find((each) => each.textContent === text)
  if (!found) throw new Error(`No button "${text}".`)
  return found
}
