export { oidcBackend } from './backend.js'
export { type DPoP, dpop } from './dpop.js'
export type { OidcLogin, OidcOptions } from './options.js'
export type {
  StandardSchemaIssue,
  StandardSchemaProps,
  StandardSchemaResult,
  StandardSchemaTypes,
  StandardSchemaV1,
} from './standard-schema.js'
