export type { AnyClient } from './any-client.js'
export {
  type AuditOptions,
  audit,
  type Finding,
  type FindingCode,
  type Reference,
  type Severity,
} from './audit/index.js'
export { defineDevtools, type LatchkeyDevtoolsElement } from './element.js'
export type {
  MomentKind,
  RecordedGeneration,
  RecordedMoment,
  RecordedRequest,
  RequestKind,
  Span,
  TabRecord,
} from './recording/record.js'
export { type Recorder, record } from './recording/recorder.js'
export { watchFetch } from './recording/watch-fetch.js'
