/**
 * Packages that this repository installs only to run the recipes: as much of their types as the recipes touch. A project
 * that has the packages needs no such file.
 */
declare module '@playwright/test' {
  export { defineConfig, expect, test } from 'playwright/test'
}
declare module 'jest' {
  export type Config = object
}
declare module '@jest/globals' {
  export { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
  export const jest: {
    useFakeTimers(options: { doNotFake: string[] }): void
    useRealTimers(): void
    advanceTimersByTimeAsync(milliseconds: number): Promise<void>
  }
}
declare module '@storybook/react-vite' {
  export interface StorybookConfig {
    framework: '@storybook/react-vite'
    stories: string[]
    staticDirs: string[]
  }
  export interface Preview {
    loaders: unknown[]
    beforeEach(): Promise<void>
  }
  export interface Meta<Component> {
    component: Component
  }
  export interface StoryObj<_Component> {
    beforeEach?(): Promise<void>
    play?(context: {
      canvas: import('@testing-library/react').Screen
      userEvent: { click(element: Element): Promise<void> }
    }): Promise<void>
  }
}
declare module 'msw-storybook-addon/csf3' {
  export function mswLoader(setUp: () => Promise<import('msw/browser').SetupWorker>): unknown
}
