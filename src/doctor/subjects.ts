import { existsSync } from "node:fs";
import { parseAddress, type SocketEndpoint, socketEndpoint } from "../address.js";
import { type DiscoveryOptions, discover } from "../discovery/discover.js";
import type { DiscoveryProblem } from "../discovery/discovery.js";
import { LocalPools } from "../discovery/local-pools.js";
import { masterVariable } from "../discovery/php-fpm/find-pools.js";
import {
  findMasters,
  type PhpFpmMaster,
  type PhpFpmMasters,
} from "../discovery/php-fpm/masters.js";
import { prefixOf } from "../discovery/php-fpm/places.js";
import {
  type ConfigurationSections,
  readSections,
} from "../discovery/php-fpm/read-configuration.js";
import type { PoolConfiguration } from "../discovery/pool-configuration.js";
import { ErrorCode, GatewayError } from "../errors.js";

/** A pool to examine. */
export interface Subject {
  /** The address with the path of the status page, as it was given or found. */
  readonly target: string;
  /** Where clients of the pool connect. */
  readonly endpoint: SocketEndpoint;
  /** Whether the address leads to this machine, as far as is known. */
  readonly isHere: boolean;
  readonly configuration: PoolConfiguration | undefined;
  /** The lines of its directives, and the files that were read for them. */
  readonly lines: ConfigurationLines | undefined;
  /** The masters that run with this configuration; all of them if none is known. */
  readonly masters: readonly PhpFpmMaster[];
  /** What is wrong with configurations, by their main files. */
  readonly problems: readonly DiscoveryProblem[];
}

/** Where the directives of a configuration are. */
export interface ConfigurationLines {
  /** The file and line of a directive of a pool; `undefined` where it is not set. */
  sourceOf(pool: string, directive: string): string | undefined;
  /** The value of a directive of a pool; `undefined` where it is not set. */
  valueOf(pool: string, directive: string): string | undefined;
  /** The files of the configuration, the main one first. */
  readonly files: readonly string[];
}

/** The pools to examine, and what was not found out. */
export interface Subjects {
  readonly subjects: readonly Subject[];
  readonly problems: readonly DiscoveryProblem[];
}

/**
 * Finds the pools for addresses, or all pools of this machine.
 *
 * @param targets the addresses; none for all pools of this machine
 * @throws GatewayError `bad_address`, and `bad_input` where no pool is found
 */
export async function findSubjects(
  targets: readonly string[],
  options: DiscoveryOptions = {},
): Promise<Subjects> {
  const found = options.masters ?? findMasters();
  const { targets: discovered, problems } = await discover({
    ...options,
    apache: false,
    masters: found,
  });
  const configurations = discovered.flatMap(({ configuration }) => configuration ?? []);
  const lines = new LinesReader(found.masters);
  const subjectOf = (target: string, configuration: PoolConfiguration | undefined): Subject => {
    const address = configuration?.listen ?? target;
    const endpoint = socketEndpoint(parseAddress(address, existsSync));
    const own = found.masters.filter(({ file }) => file === configuration?.file);
    return {
      target,
      endpoint,
      isHere: configuration !== undefined || pools.isHere(target),
      configuration,
      lines: configuration && lines.of(configuration),
      masters: configuration === undefined ? found.masters : own,
      problems,
    };
  };
  const pools = new LocalPools(configurations);
  const named = problemsOfNamed(options, found.problems, problems);
  if (targets.length > 0) {
    const subjects = targets.map((target) => {
      parseAddress(target);
      return subjectOf(target, pools.at(target));
    });
    return { subjects, problems: named };
  }
  const subjects = discovered
    .filter(
      ({ configuration, state }) =>
        configuration !== undefined || state === "unknown" || state === "no master",
    )
    .map(({ address, configuration }) => subjectOf(address, configuration));
  if (subjects.length > 0) return { subjects, problems };
  const [first] = [...named, ...problems];
  const why =
    first === undefined ? "no pool of php-fpm was found" : `${first.source}: ${first.message}`;
  throw new GatewayError(ErrorCode.BadInput, `no TARGET is given, and ${why}`, {
    hint: first?.hint ?? "give an address, as in fcgi-probe doctor unix:/run/php/www.sock:/status",
  });
}

/** The problems of the configurations that the user has named, which are not those of masters. */
function problemsOfNamed(
  { phpFpm }: DiscoveryOptions,
  ofMasters: PhpFpmMasters["problems"],
  problems: readonly DiscoveryProblem[],
): readonly DiscoveryProblem[] {
  if (!Array.isArray(phpFpm)) return [];
  const others = new Set(ofMasters.map(({ source }) => source));
  return problems.filter(({ source }) => !others.has(source));
}

/** Reads the lines of each configuration once. */
class LinesReader {
  readonly #masters: readonly PhpFpmMaster[];
  readonly #byFile = new Map<string, ConfigurationLines | undefined>();

  constructor(masters: readonly PhpFpmMaster[]) {
    this.#masters = masters;
  }

  of({ file = "" }: PoolConfiguration): ConfigurationLines | undefined {
    if (!this.#byFile.has(file)) this.#byFile.set(file, this.#read(file));
    return this.#byFile.get(file);
  }

  #read(file: string): ConfigurationLines | undefined {
    const masters = this.#masters.filter((master) => master.file === file);
    const prefix = prefixOf(file, masters[0]?.program);
    let sections: ConfigurationSections;
    try {
      sections = readSections(file, { prefix, lookUp: (name) => masterVariable(name, masters) });
    } catch (error) {
      if (error instanceof GatewayError) return undefined; // It has changed since the discovery.
      throw error;
    }
    const pools = new Map(sections.pools.map((pool) => [pool.name, pool]));
    const settingOf = (name: string, directive: string) => {
      const pool = pools.get(name);
      return pool?.settings.get(directive) ?? pool?.items.get(directive);
    };
    return {
      files: sections.files,
      sourceOf: (name, directive) => settingOf(name, directive)?.source,
      valueOf: (name, directive) => settingOf(name, directive)?.value.toString(),
    };
  }
}
