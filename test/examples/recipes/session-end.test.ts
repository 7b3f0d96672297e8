import '../../../examples/testing/setup.ts'
import '../../../examples/testing/session-end.test.tsx'
import { configure } from '@testing-library/react'

configure({ asyncUtilTimeout: 20_000 }) // a busy machine may need more than one second
