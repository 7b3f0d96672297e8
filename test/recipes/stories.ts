import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright'
import { preview } from 'vite'
import { launchOptions } from '../browser/ensure-browser.ts'

const SIGHTS: Readonly<Record<string, (page: Page) => ReturnType<Page['getByRole']>>> = {
  'app--signed-out': (page) => page.getByText('Please sign in.', { exact: true }),
  'app--administrator': (page) => page.getByRole('link', { name: 'Administration' }),
  'app--failing': (page) => page.getByText('The list cannot be had now.'),
}

/** Opens each story of a Storybook that has been built, one after the other in one browser, and waits for what it shows. */
export async function openStories(folder: string): Promise<void> {
  const index = JSON.parse(readFileSync(join(folder, 'storybook-static/index.json'), 'utf8'))
  assert.deepEqual(Object.keys(index.entries).sort(), Object.keys(SIGHTS).sort())
  const site = await preview({
    root: folder,
    configFile: false,
    build: { outDir: 'storybook-static' },
    preview: { port: 0 },
  })
  const browser = await chromium.launch(launchOptions())
  try {
    const page = await browser.newPage()
    for (const [id, sight] of Object.entries(SIGHTS)) {
      await page.goto(`${site.resolvedUrls?.local[0]}iframe.html?id=${id}&viewMode=story`)
      await sight(page).waitFor()
      console.log(`  ✓ ${id}`)
    }
  } finally {
    await browser.close()
    await site.close()
  }
}
