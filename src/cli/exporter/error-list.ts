import { GatewayError } from "../../errors.js";

/** Collects errors of the user, so that one run shows all of them. */
export class ErrorList {
  readonly #errors: GatewayError[] = [];

  /** The result of `work`; `undefined` where it throws a GatewayError, which is kept. */
  attempt<Value>(work: () => Value): Value | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.#errors.push(error);
      return undefined;
    }
  }

  /** What `promise` resolves to; `undefined` where it rejects with a GatewayError, which is kept. */
  async settle<Value>(promise: Promise<Value>): Promise<Value | undefined> {
    try {
      return await promise;
    } catch (error) {
      return this.attempt(() => {
        throw error;
      });
    }
  }

  /**
   * Does nothing if there was no error.
   *
   * @throws GatewayError the only error, or one with a line for each, whose hint is that of the last
   */
  throwAny(): void {
    const last = this.#errors.at(-1);
    if (last === undefined) return;
    if (this.#errors.length === 1) throw last;
    const lines = this.#errors.map((error) =>
      error.hint === last.hint ? error.message : `${error.message}; ${error.hint}`,
    );
    throw new GatewayError(last.code, lines.join("\n"), { hint: last.hint });
  }
}
