/** What the engines have in common. */
import type { Realm } from '../realm/realm.ts'
import type { Subject } from '../subjects/subject.ts'

/** What a call has come to, and the milliseconds of CPU that it has cost. */
export interface Answer<T> {
  readonly result: T
  readonly cpu: number
}

/** One subject, alone in a process. */
export interface Stand {
  readonly subject: Subject
  call<K extends keyof Realm>(name: K, ...args: Parameters<Realm[K]>): Promise<Answer<Awaited<ReturnType<Realm[K]>>>>
  close(): Promise<unknown>
}

/** An engine in which subjects are measured. */
export interface Stage {
  /** What it is, with its version. */
  readonly name: string
  readonly hasWindow: boolean
  /** Whose CPU time is counted. */
  readonly counts: string
  open(subject: Subject): Promise<Stand>
  close(): Promise<void>
}
