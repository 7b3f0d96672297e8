/** How much a finding matters: an `error` is a hole, a `warning` a weakness, an `info` something to know. */
export type Severity = 'error' | 'warning' | 'info'

/** What can be wrong: a stable name, for filters and for tests. */
export type FindingCode =
  | 'not-a-client'
  | 'alg-none'
  | 'alg-symmetric'
  | 'alg-weak'
  | 'key-in-header'
  | 'malformed-token'
  | 'secret-in-claims'
  | 'no-expiry'
  | 'time-not-in-seconds'
  | 'wrong-kind-of-token'
  | 'token-in-url'
  | 'plain-http'
  | 'refresh-token-in-storage'
  | 'long-lifetime'
  | 'wide-destination'
  | 'personal-data-in-claims'
  | 'no-issuer'
  | 'no-audience'
  | 'wide-audience'
  | 'critical-extension'
  | 'from-the-future'
  | 'clock-off'
  | 'large-token'
  | 'many-roles'
  | 'no-issue-time'
  | 'no-subject'
  | 'unusual-type'
  | 'expired-token'

/** Where to read more. */
export interface Reference {
  /** The document and its section. */
  readonly title: string
  /** The section's address. */
  readonly url: string
}

/** One thing that {@link audit} has found; it never holds a token, nor what a claim says. */
export interface Finding {
  /** What is wrong, in one stable word. */
  readonly code: FindingCode
  /** How much it matters. */
  readonly severity: Severity
  /** What is wrong, in a few words. */
  readonly title: string
  /** Why that matters, and what it is about: names of claims, hosts, durations. */
  readonly why: string
  /** How to mend it. */
  readonly fix: string
  /** What says so: sections of RFCs and of OWASP's cheat sheets; none for `not-a-client`. */
  readonly references: readonly Reference[]
}
