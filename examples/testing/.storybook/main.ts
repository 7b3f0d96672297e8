import type { StorybookConfig } from '@storybook/react-vite'

const config: StorybookConfig = {
  framework: '@storybook/react-vite',
  stories: ['../*.stories.tsx'],
  staticDirs: ['../public'],
}
// biome-ignore lint/style/noDefaultExport: Storybook wants one
export default config
