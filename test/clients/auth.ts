/** The app's client, without ky: what every file here takes its tokens from. */
import { AuthClient } from 'latchkey/core'

export const baseUrl = 'https://api.example.com'
export const auth = new AuthClient({ baseUrl })
