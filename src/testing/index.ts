export type { Fault, FaultAnswer, FaultKind, FaultOrder } from './faults.js'
export type { MockAnswer, MockAuthServerOptions, MockRoute } from './options.js'
export { expectOneRefreshPerGeneration, type MockEndpoint, type MockRequest, type RequestLog } from './requests.js'
export {
  type FaultTarget,
  type MockAuthServer,
  mockAuthServer,
  type ProtectedBy,
  type ProtectedInfo,
  type ResolverInfo,
} from './server.js'
export type { IssuedTokens } from './sessions.js'
export { type SignedInOptions, signedIn, signedOut } from './sign-in.js'
export type { KeySet, PublicKey } from './signer.js'
export type { MockUser } from './users.js'
export {
  type VirtualBrowser,
  type VirtualBrowserOptions,
  type VirtualTab,
  type VirtualTabOptions,
  virtualBrowser,
} from './virtual/browser.js'
