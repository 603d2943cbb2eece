interface StandIn {
  /** What it stands for. */
  whole(): object;
}

/**
 * Makes the objects of a class a kind of the runtime's, which they stand for: the getters and
 * methods that they do not have are those of the whole one.
 */
export function inheritWhole(prototype: StandIn, wholePrototype: object): void {
  Object.setPrototypeOf(prototype, wholePrototype);
  const inherited = Object.getOwnPropertyDescriptors(wholePrototype);
  for (const [name, { get }] of Object.entries(inherited)) {
    if (Object.hasOwn(prototype, name)) continue;
    const forwarded: PropertyDescriptor & ThisType<StandIn> =
      get === undefined
        ? {
            value(...given: unknown[]) {
              const whole = this.whole();
              return Reflect.apply(Reflect.get(whole, name), whole, given);
            },
          }
        : {
            get() {
              return Reflect.get(this.whole(), name);
            },
          };
    Object.defineProperty(prototype, name, { ...forwarded, configurable: true });
  }
}
