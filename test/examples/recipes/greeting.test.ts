import '../../../examples/testing/setup.ts'
import '../../../examples/testing/greeting.test.ts'
