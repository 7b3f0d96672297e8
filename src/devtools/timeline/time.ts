/** Draws while somebody can see it. */
export interface Frames {
  /** Draws once more, soon. */
  request(): void
  stop(): void
}

const SECOND = 1000

/** Calls `act` soon, and once for all who have asked for it until then. */
export function once(act: () => void): () => void {
  let isAsked = false
  return () => {
    if (isAsked) return
    isAsked = true
    queueMicrotask(() => {
      isAsked = false
      act()
    })
  }
}

/**
 * Calls `draw`, and again after the milliseconds that it asks for, while `element` is on the screen: once a second where
 * the person prefers less motion, and not at all while the page is hidden or the element out of sight.
 */
export function followTime(element: Element, draw: () => number): Frames {
  const still = matchMedia('(prefers-reduced-motion: reduce)')
  let frame: number | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let isInSight = true
  let isStopped = false

  const request = (): void => {
    if (isStopped || frame !== undefined || document.hidden || !isInSight) return
    frame = requestAnimationFrame(() => {
      frame = undefined
      const pause = draw()
      clearTimeout(timer)
      timer = setTimeout(request, still.matches ? SECOND : pause)
    })
  }

  const watch = typeof IntersectionObserver === 'function' ? new IntersectionObserver(see) : undefined
  watch?.observe(element)
  document.addEventListener('visibilitychange', request)
  still.addEventListener('change', request)
  request()

  return {
    request,
    stop() {
      isStopped = true
      if (frame !== undefined) cancelAnimationFrame(frame)
      clearTimeout(timer)
      watch?.disconnect()
      document.removeEventListener('visibilitychange', request)
      still.removeEventListener('change', request)
    },
  }

  function see(entries: readonly IntersectionObserverEntry[]) {
    isInSight = entries.at(-1)?.isIntersecting ?? true
    request()
  }
}
