import { expect, test } from '@playwright/test'

test('keeps people signed in when a token expires, until their session is revoked', async ({ page }) => {
  await page.clock.install()
  await page.goto('/')
  await page.getByLabel('Username').fill('johndoe')
  await page.getByLabel('Password').fill('password123')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('heading')).toHaveText('Hello John Doe')
  await page.clock.fastForward('05:00')
  await page.getByRole('button', { name: 'Load' }).click()
  await expect(page.getByRole('status')).toHaveText('Buy milk, Call Ada')
  expect(await page.evaluate(() => window.server.refreshes)).toBe(1)
  await page.evaluate(() => window.server.revoke('johndoe'))
  await page.getByRole('button', { name: 'Load' }).click()
  await expect(page.getByRole('status')).toHaveText('Your session has ended. Please sign in again.')
  expect(await page.evaluate(() => window.server.requestsTo('todos').map(({ status }) => status))).toEqual([200, 401])
})
