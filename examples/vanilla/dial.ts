import type { RecordedGeneration } from 'latchkey/devtools'
import { byId, setText } from './dom.ts'

/** The countdown: how long the token still lives, and when the client will have renewed it. */
export interface Dial {
  draw(now: number, life: RecordedGeneration | undefined, retryAt: number | undefined): void
}

/** Takes over the dial of index.html. Its rings have a `pathLength` of 100, so that a dash is a percentage. */
export function createDial(): Dial {
  const left = byId('dial-left', SVGCircleElement)
  const renewal = byId('dial-window', SVGCircleElement)
  const countdown = byId('countdown', HTMLElement)
  const unit = byId('countdown-unit', HTMLElement)
  const next = byId('next', HTMLElement)

  return {
    draw(now, life, retryAt) {
      setText(next, whatIsNext(now, life, retryAt))
      if (life?.expiresAt === undefined) {
        setText(countdown, '–')
        return
      }
      const { expiresAt, from } = life
      const share = (at: number) => Math.min(100, Math.max(0, ((expiresAt - at) / (expiresAt - from)) * 100))
      arc(left, 0, share(now))
      if (life.renewal) arc(renewal, share(life.renewal.to), share(life.renewal.from))
      const [amount, word] = inUnits(expiresAt - now)
      setText(countdown, amount)
      setText(unit, expiresAt > now ? `${word} left` : 'expired')
    },
  }
}

/** Draws the stretch between two percentages of a ring. */
function arc(ring: SVGCircleElement, from: number, to: number) {
  ring.style.strokeDasharray = `0 ${from} ${to - from} 100`
}

function whatIsNext(now: number, life: RecordedGeneration | undefined, retryAt: number | undefined): string {
  if (retryAt !== undefined && retryAt > now) return `Renewal failed. Tries again in ${inWords(retryAt - now)}.`
  if (!life) return ''
  if (!life.renewal) return 'The token does not say when it expires. A 401 will tell.'
  const { from, to } = life.renewal
  if (now > to) return 'Renews as soon as it can.'
  if (now >= from) return `Renews within ${inWords(to - now)}.`
  const [soonest, unit] = inUnits(from - now)
  const [latest, latestUnit] = inUnits(to - now)
  return `Renews in ${soonest}${unit === latestUnit ? '' : ` ${unit}`} to ${latest} ${latestUnit}.`
}

function inWords(duration: number): string {
  return inUnits(duration).join(' ')
}

function inUnits(duration: number): [amount: string, unit: string] {
  const seconds = Math.max(0, Math.ceil(duration / 1000))
  if (seconds < 120) return [String(seconds), seconds === 1 ? 'second' : 'seconds']
  if (seconds < 7200) return [String(Math.round(seconds / 60)), 'minutes']
  return [String(Math.round(seconds / 3600)), 'hours']
}
