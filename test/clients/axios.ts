/** The API by axios and its fetch adapter. */
import axios from 'axios'
import { auth } from './auth.ts'

export const api = axios.create({ baseURL: 'https://api.example.com', adapter: 'fetch', env: { fetch: auth.fetch } })
