declare const brand: unique symbol;

/** A `Base` that only its own maker produces: two ids of the same shape cannot be mixed up. */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };
