/**
 * What a schema library offers under `~standard`: Zod, Valibot, ArkType and others do.
 *
 * @see [Standard Schema](https://standardschema.dev)
 */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  /** The interface between a library and whoever uses its schemas. */
  readonly '~standard': StandardSchemaProps<Input, Output>
}

/** The members of {@link StandardSchemaV1}. */
export interface StandardSchemaProps<Input, Output> {
  /** The version of the interface. */
  readonly version: 1
  /** Whose schema it is. */
  readonly vendor: string
  /** Checks `value`, and hands back what the schema makes of it. */
  readonly validate: (value: unknown) => StandardSchemaResult<Output> | Promise<StandardSchemaResult<Output>>
  /** For the type checker alone. */
  readonly types?: StandardSchemaTypes<Input, Output> | undefined
}

/** What a schema takes, and what it makes of it. */
export interface StandardSchemaTypes<Input, Output> {
  /** What it takes. */
  readonly input: Input
  /** What it makes of it. */
  readonly output: Output
}

/** What became of a value: there are `issues`, or there is a `value`. */
export type StandardSchemaResult<Output> =
  | {
      /** What the schema made of it. */
      readonly value: Output
      /** None. */
      readonly issues?: undefined
    }
  | {
      /** What is wrong with it. */
      readonly issues: readonly StandardSchemaIssue[]
    }

/** Something wrong with a value. */
export interface StandardSchemaIssue {
  /** What, in words. */
  readonly message: string
}
