import type { Variable, VariableValue } from "./variable.js";

/** Where variables are kept, in order, duplicates included. */
export interface VariableStore extends Iterable<Variable> {
  readonly size: number;
  /** The value of a name, of several the last. */
  find(name: string): VariableValue | undefined;
  /** All values of a name. */
  findAll(name: string): VariableValue[];
  /** Variables whose names begin with an ASCII text. */
  startingWith(prefix: string): Variable[];
}

/** Variables that were given as they are. */
export class VariableList implements VariableStore {
  readonly #list: readonly Variable[];

  constructor(list: Iterable<Variable>) {
    this.#list = [...list];
  }

  get size(): number {
    return this.#list.length;
  }

  find(name: string): VariableValue | undefined {
    return this.#list.findLast((variable) => variable[0] === name)?.[1];
  }

  findAll(name: string): VariableValue[] {
    return this.#list.filter((variable) => variable[0] === name).map(([, value]) => value);
  }

  startingWith(prefix: string): Variable[] {
    return this.#list.filter(([name]) => name.startsWith(prefix));
  }

  [Symbol.iterator](): Iterator<Variable> {
    return this.#list[Symbol.iterator]();
  }
}
