import { createWebHistory } from 'vue-router'
import { createTodoApp } from './app.ts'
import { createClient } from './client.ts'

declare const __API__: string // the address of the example server: start.ts puts it here

createTodoApp(createClient(__API__), createWebHistory()).app.mount('#app')
