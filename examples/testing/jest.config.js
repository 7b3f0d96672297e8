export default {
  testEnvironment: 'jest-fixed-jsdom',
  setupFilesAfterEnv: ['<rootDir>/jest/setup.ts'],
  testMatch: ['**/jest/*.test.ts'],
  transform: { '\\.m?[jt]sx?$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript', tsx: true } } }] },
  transformIgnorePatterns: [],
}
