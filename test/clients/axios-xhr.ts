/** The API by axios and XMLHttpRequest, which takes no `fetch`. */
import axios, { type InternalAxiosRequestConfig as Config } from 'axios'
import { auth } from './auth.ts'

// biome-ignore format: one line in the README, too
export const xhr = axios.create({ baseURL: 'https://api.example.com', allowAbsoluteUrls: false, redact: ['Authorization'] })
const token = ({ headers }: Config) => auth.getAccessToken({ rejected: headers.getAuthorization(/\S+$/)?.[0] })
const sign = async (config: Config) => config.headers.setAuthorization(`Bearer ${await token(config)}`) && config
xhr.interceptors.request.use(sign)
// biome-ignore format: one line in the README, too
xhr.interceptors.response.use(null, (e) => (e.response?.status === 401 ? sign(e.config).then(axios) : Promise.reject(e)))
