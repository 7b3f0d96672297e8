/** The API by openapi-fetch. */
import createClient from 'openapi-fetch'
import { auth } from './auth.ts'
import type { paths } from './schema.ts'

export const client = createClient<paths>({ baseUrl: 'https://api.example.com', fetch: auth.fetch })
