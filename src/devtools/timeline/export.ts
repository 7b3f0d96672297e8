import { h } from '../dom.js'
import type { TabRecord } from '../recording/record.js'
import { FILE_STYLES } from '../styles.js'

/** What the timeline holds, as JSON; moments are epoch milliseconds. */
export function recordsAsJson(tabs: readonly TabRecord[], own: TabRecord, now: number): string {
  return JSON.stringify({ format: 'latchkey-timeline', version: 1, exportedAt: now, thisTab: own.id, tabs }, null, 2)
}

/** A drawing as a file of its own, with its style. */
export function drawingAsSvg(drawing: SVGSVGElement): string {
  const copy = drawing.cloneNode(true) as SVGSVGElement
  const style = document.createElementNS(copy.namespaceURI, 'style')
  style.textContent = FILE_STYLES
  copy.prepend(style)
  for (const element of copy.querySelectorAll('.selected')) element.classList.remove('selected')
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  copy.removeAttribute('aria-hidden')
  return new XMLSerializer().serializeToString(copy)
}

/** Gives `text` to the person as a file. */
export function download(text: string, name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  h('a', { href: url, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
