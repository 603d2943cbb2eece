/** The state of a stand-in: an object of a runtime's class that has no state of the runtime's. */
export interface StandInState {
  /** The runtime's own object with the stand-in's present state. Made once. */
  runtimeObject(): object;
}

function returned(this: unknown, object: object): object {
  return object;
}

/**
 * A private field on an object that is made elsewhere. A WeakMap would take 0.7 to 1 µs for each
 * object, mostly for the garbage collector; this takes 0.02.
 */
class Slot extends (returned as unknown as new (object: object) => object) {
  readonly #state: StandInState;

  constructor(object: object, state: StandInState) {
    super(object);
    this.#state = state;
  }

  static stateOf(value: unknown): StandInState | undefined {
    const isObject = typeof value === "object" && value !== null;
    return isObject && #state in value ? value.#state : undefined;
  }
}

/** The state of a stand-in; undefined for every other value. */
export const stateOf = Slot.stateOf;

/**
 * Returns a function that makes objects of a class of the runtime's, with a state of ours in place
 * of the runtime's. They work after {@link acceptStandIns}.
 */
export function standInMaker(prototype: object): (state: StandInState) => object {
  function Bare(this: unknown): void {}
  Bare.prototype = prototype;
  const Constructor = Bare as unknown as new () => object;
  return (state) => new Slot(new Constructor(), state);
}

/**
 * Makes the getters and methods of one of the runtime's prototypes work for stand-ins, too, including
 * those that it inherits. They use the state's member of the same name or, where it has none, the
 * member of the runtime's own object. For every other object they do what they did before.
 */
export function acceptStandIns(prototype: object, statePrototype: StandInState): void {
  const parent: object = Object.getPrototypeOf(prototype);
  // A preloaded module may have replaced the runtime's class by a subclass.
  if (parent !== Object.prototype) acceptStandIns(parent, statePrototype);
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (name === "constructor") continue;
    const quick = Object.getOwnPropertyDescriptor(statePrototype, name);
    const { get, value } = descriptor;
    if (get !== undefined) {
      const accepting = getter(name, get, quick?.get);
      Object.defineProperty(prototype, name, { ...descriptor, get: accepting });
    } else if (typeof value === "function") {
      const accepting = method(name, value, quick?.value);
      Object.defineProperty(prototype, name, { ...descriptor, value: accepting });
    }
  }
}

type Getter = () => unknown;
type Method = (...given: unknown[]) => unknown;

// Written as literals, so that their names and lengths are those of getters and methods.
function getter(name: string, own: Getter, quick: Getter | undefined): Getter {
  const holder = {
    get [name](): unknown {
      const state = stateOf(this);
      if (state === undefined) return own.call(this);
      return quick === undefined ? own.call(state.runtimeObject()) : quick.call(state);
    },
  };
  return Object.getOwnPropertyDescriptor(holder, name)?.get as Getter;
}

function method(name: string, own: Method, quick: Method | undefined): Method {
  const { [name]: made } = {
    [name](...given: unknown[]): unknown {
      const state = stateOf(this);
      if (state === undefined) return own.apply(this, given);
      return quick === undefined
        ? own.apply(state.runtimeObject(), given)
        : quick.apply(state, given);
    },
  };
  return Object.defineProperty(made as Method, "length", { value: own.length, configurable: true });
}

/** Replaces the fields of headers by those of others. */
export function replaceHeaders(target: Headers, source: Headers): void {
  for (const name of [...target.keys()]) target.delete(name);
  for (const [name, value] of source) target.append(name, value);
}
