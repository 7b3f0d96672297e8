import type { Inspection } from '../inspection.js'
import type { AnyClient } from './any-client.js'
import type { Recorder } from './recording/recorder.js'

export type { AnyClient }

/** The client that is looked at, and what is known of it. */
export interface Inspected {
  readonly auth: AnyClient
  readonly inspection: Inspection
  readonly recorder: Recorder
}

/** A part of the panel. */
export interface View {
  readonly element: HTMLElement
  /** Shows what has changed; about once a second, and at each change. */
  update(now: number): void
  /** Undoes what it has done to the client, and stops. */
  dispose?(): void
}
