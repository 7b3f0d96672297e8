import { onTestFinished } from 'vitest'
import { record } from '../../src/devtools/recording/recorder.ts'
import type { AnyClient, Inspected, View } from '../../src/devtools/view.ts'
import { inspect } from '../../src/inspection.ts'

/** Puts a view of `auth` on the page, as the panel does. */
export function showView(create: (inspected: Inspected) => View, auth: AnyClient) {
  const inspection = inspect(auth)
  if (!inspection) throw new Error('No client of this package.')
  const recorder = record(auth)
  const view = create({ auth, inspection, recorder })
  document.body.append(view.element)
  onTestFinished(() => {
    view.dispose?.()
    view.element.remove()
    recorder.stop()
  })
  const update = (): void => view.update(Date.now())
  update()
  return {
    view,
    recorder,
    update,
    text: (): string => view.element.textContent ?? '',
    /** The button of that name. */
    button(name: string): HTMLButtonElement {
      const buttons = [...view.element.querySelectorAll('button')]
      const found = buttons.find((each) => (each.getAttribute('aria-label') ?? each.textContent) === name)
      if (!found) throw new Error(`No button "${name}".`)
      return found
    },
    /** What stands beside a term. */
    fact(term: string): string | undefined {
      const row = [...view.element.querySelectorAll('dt')].find(
        ({ textContent }) => textContent === term,
      )?.parentElement
      return row && !row.hidden ? (row.querySelector('dd')?.textContent ?? '') : undefined
    },
  }
}
