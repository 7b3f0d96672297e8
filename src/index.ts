export {
  ForceRetryError,
  HTTPError,
  isForceRetryError,
  isHTTPError,
  isKyError,
  isNetworkError,
  isTimeoutError,
  KyError,
  type KyInstance,
  NetworkError,
  type Options as KyOptions,
  TimeoutError,
} from 'ky'
export type { AuthBackend, BackendAnswer, BackendContext, LogoutOptions, ResumedResponse } from './backends/contract.js'
export { type DetailedEndpoint, type Endpoint, type JsonBackendOptions, jsonBackend } from './backends/json.js'
export { readTokens } from './backends/read-tokens.js'
export type {
  AccessTokenOptions,
  ListenerOptions,
  LoginArguments,
  LoginFields,
  LoginOptions,
  StartOptions,
} from './call-options.js'
export type {
  Channel,
  Environment,
  Ledger,
  LedgerFailure,
  LedgerRow,
  LifecycleEvent,
  LockRequest,
  Locks,
  StorageChange,
  WakeEvent,
} from './environment.js'
export { AuthError, type AuthErrorCode, type AuthErrorDetails, isAuthError } from './errors.js'
export type { Unsubscribe } from './events.js'
export { AuthClient, type AuthClientOptions } from './http-client.js'
export type { RefreshOptions } from './options.js'
export type { RefreshWorker } from './refresh/exchange.js'
export type { AuthEvent, AuthEvents } from './session/auth-events.js'
export type { Claims } from './session/claims.js'
export type { AuthState, LogoutReason, StartResult } from './session/state.js'
export type { TokenResponse, TokenSet } from './session/tokens.js'
export type { TokenStorage } from './storage/contract.js'
export { type CookieOptions, cookieStorage } from './storage/cookie.js'
export { memoryStorage } from './storage/memory.js'
export { webStorage } from './storage/web.js'
export type { TraceEntry } from './trace.js'
