import '../../../examples/testing/setup.ts'
import '../../../examples/testing/session.test.ts'
