export { type HostOptions, hostRefresh } from './host.js'
