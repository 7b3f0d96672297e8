import { createRouter, type RouteRecordRaw, type Router, type RouterHistory } from 'vue-router'
import { type Auth, authGuard } from './auth.ts'
import Account from './pages/Account.vue'
import Admin from './pages/Admin.vue'
import Forbidden from './pages/Forbidden.vue'
import Home from './pages/Home.vue'
import NotFound from './pages/NotFound.vue'
import SignIn from './pages/SignIn.vue'
import Todos from './pages/Todos.vue'

declare module 'vue-router' {
  interface RouteMeta {
    /** What the window is called. */
    title: string
  }
}

const routes: RouteRecordRaw[] = [
  { path: '/', component: Home, meta: { title: 'Latchkey with Vue' } },
  { path: '/sign-in', component: SignIn, meta: { title: 'Sign in' } },
  { path: '/todos', component: Todos, meta: { title: 'To-dos', requiresAuth: true } },
  { path: '/account', component: Account, meta: { title: 'Account', requiresAuth: true } },
  { path: '/admin', component: Admin, meta: { title: 'Admin', roles: ['admin'] } },
  { path: '/forbidden', component: Forbidden, meta: { title: 'Not for you', requiresAuth: true } },
  { path: '/:anything(.*)*', component: NotFound, meta: { title: 'No such page' } },
]

/** The pages, and who may see them. */
export function createAppRouter(auth: Auth, history: RouterHistory): Router {
  const router = createRouter({ history, routes })
  router.beforeEach(authGuard(auth))
  return router
}
