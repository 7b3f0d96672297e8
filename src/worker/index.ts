export { type DetailedEndpoint, type Endpoint, type JsonBackendOptions, jsonBackend } from '../backends/json.js'
export { readTokens } from '../backends/read-tokens.js'
export { type HostOptions, hostRefresh } from './host.js'
