import { basename, extname } from "node:path";
import { fileURLToPath } from "node:url";
import { type ListenAddress, Protocol } from "../address.js";
import { checkObject } from "../arguments.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { checkCount, checkMilliseconds } from "../numbers.js";
import { checkServeOptions } from "../server/serving-options.js";
import { listenTarget } from "../transport/listen-address.js";
import { type FilePermissions, filePermissions } from "../transport/socket-permissions.js";
import { moduleUrl } from "./application-module.js";
import { type Identity, identityOf, isRootByDefault } from "./identity.js";
import type { PoolOptionSpec } from "./option-types.js";
import {
  type DefaultedOptions,
  PoolMode,
  type PoolOptionName,
  type PoolOptions,
  ProcessManager,
  poolOptions,
  type WorkerServeOptions,
} from "./options.js";

/** A pool's options, checked and completed. */
export interface PoolSettings extends DefaultedOptions {
  /** The URL of the module. */
  application: string;
  listen: ListenAddress | { fd: number };
  protocol: Protocol;
  name: string;
  mode: PoolMode;
  pm: ProcessManager;
  startServers: number;
  statusListen: ListenAddress | undefined;
  serve: WorkerServeOptions;
  env: Readonly<Record<string, string | undefined>>;
  execArgv: readonly string[];
  /** The values of `socketOwner`, `socketGroup` and `socketMode`. */
  permissions: FilePermissions;
  /** The values of `user` and `group`. Undefined: workers run as this process does. */
  identity: Identity | undefined;
  /** Whether workers run as root because no user is given. */
  isRootByDefault: boolean;
}

/** How an option is written in messages: by its name, or by its flag. */
export type PoolOptionSpelling = (name: PoolOptionName) => string;

/** The most requests that may run at once in a pool: the scoreboard has room for twice as many. */
const MAX_PLACES = 16_384;
/**
 * Milliseconds that a worker keeps an idle connection. It is less than in `serve`, because the
 * connections of a front end spread over all workers, and each holds a descriptor.
 */
const IDLE_TIMEOUT = 60_000;

const entries = Object.entries(poolOptions) as [PoolOptionName, PoolOptionSpec][];

/**
 * Checks a pool's options and completes them.
 *
 * @throws GatewayError `bad_input` when options contradict each other, `bad_address`
 */
export function settleOptions(
  options: PoolOptions,
  spell: PoolOptionSpelling = (name) => name,
): PoolSettings {
  checkObject("options", options);
  const values = withDefaults(options);
  checkValues(values, spell);
  const { listen } = options;
  const target = listenTarget(listen, spell("listen"));
  const application = moduleUrl(options.application);
  if (!application.startsWith("file:")) {
    throw wrong(`the application "${application}" is not a file`, "pass the path of its module");
  }
  const pm =
    options.pm ??
    (options.mode === PoolMode.Delegate ? ProcessManager.Ondemand : ProcessManager.Static);
  // Unless pm is given, delegating pools work as scgi_server's: one worker, and more when all are busy.
  const isGrowing = options.pm === undefined && pm === ProcessManager.Ondemand;
  const maxSpareServers =
    options.maxSpareServers ?? Math.min(values.maxSpareServers, values.maxChildren);
  const minSpareServers =
    options.minSpareServers ?? Math.min(values.minSpareServers, maxSpareServers);
  const settings: PoolSettings = {
    ...values,
    application,
    listen: target,
    protocol: options.protocol ?? ("endpoint" in target ? target.protocol : Protocol.FastCgi),
    name: options.name ?? basename(fileURLToPath(application), extname(application)),
    mode: options.mode ?? (pm === ProcessManager.Ondemand ? PoolMode.Delegate : PoolMode.Shared),
    pm,
    minSpareServers,
    maxSpareServers,
    startServers: options.startServers ?? 0,
    processIdleTimeout: options.processIdleTimeout ?? (isGrowing ? 0 : values.processIdleTimeout),
    statusListen:
      options.statusListen === undefined
        ? undefined
        : listenTarget(options.statusListen, spell("statusListen")),
    serve: { idleTimeout: IDLE_TIMEOUT, ...options.serve },
    env: options.env ?? process.env,
    execArgv: options.execArgv ?? process.execArgv,
    permissions: filePermissions(options, spell("socketMode")),
    identity: identityOf(options),
    isRootByDefault: isRootByDefault(options),
  };
  settings.startServers = startServers(settings, options, isGrowing);
  checkNumbers(settings, options, spell);
  checkServe(settings.serve, spell);
  checkTogether(settings, spell);
  return settings;
}

function withDefaults(options: PoolOptions): DefaultedOptions {
  const given = options as Partial<Record<PoolOptionName, unknown>>;
  const values = entries.map(([name, spec]) => [name, given[name] ?? spec.default]);
  return Object.fromEntries(values) as DefaultedOptions;
}

/** Checks each value by its entry in the table. */
function checkValues(values: DefaultedOptions, spell: PoolOptionSpelling): void {
  for (const [name, { type, least = 0 }] of entries) {
    const value = values[name];
    if (value === undefined) continue;
    if (type === "count") checkCount(spell(name), value, least);
    if (type === "milliseconds") checkMilliseconds(spell(name), value);
    if (Array.isArray(type) && !type.includes(value)) {
      throw wrong(`${spell(name)}: "${value}" is none of ${type.join(", ")}`);
    }
  }
}

/** Checks the options of workers as servers. */
function checkServe(serve: WorkerServeOptions, spell: PoolOptionSpelling): void {
  try {
    checkServeOptions(serve);
  } catch (error) {
    throw wrong(`${spell("serve")}: ${(error as GatewayError).message}`);
  }
}

function startServers(settings: PoolSettings, given: PoolOptions, isGrowing: boolean): number {
  const { pm, maxChildren, minSpareServers, maxSpareServers } = settings;
  if (pm === ProcessManager.Static) return maxChildren;
  if (given.startServers !== undefined) return given.startServers;
  if (pm === ProcessManager.Ondemand) return isGrowing ? 1 : 0;
  return minSpareServers + Math.floor((maxSpareServers - minSpareServers) / 2);
}

type WorkerCountName = "maxChildren" | "startServers" | "minSpareServers" | "maxSpareServers";

/**
 * Checks the order of the numbers of workers. The spare bounds are a dynamic pool's, but wherever
 * they are given they must not contradict the others.
 */
function checkNumbers(settings: PoolSettings, given: PoolOptions, spell: PoolOptionSpelling): void {
  const ordered = (lesser: WorkerCountName, greater: WorkerCountName): void => {
    const value = given[lesser] ?? settings[lesser];
    if (value <= settings[greater]) return;
    const isDefault = given[greater] === undefined ? " (its default)" : "";
    throw wrong(
      `${spell(lesser)} ${value} is more than ${spell(greater)} ${settings[greater]}${isDefault}`,
      `lower ${spell(lesser)}, or raise ${spell(greater)}`,
    );
  };
  const hasSpareBounds = (given.minSpareServers ?? given.maxSpareServers) !== undefined;
  if (settings.pm === ProcessManager.Dynamic || hasSpareBounds) {
    ordered("minSpareServers", "maxSpareServers");
    ordered("maxSpareServers", "maxChildren");
  }
  ordered("startServers", "maxChildren");
}

/** Checks options that depend on each other. */
function checkTogether(settings: PoolSettings, spell: PoolOptionSpelling): void {
  const { pm, mode, maxChildren, concurrency, permissions } = settings;
  if (maxChildren * concurrency > MAX_PLACES) {
    throw wrong(
      `${spell("maxChildren")} ${maxChildren} by ${spell("concurrency")} ${concurrency} is more than ${MAX_PLACES} requests at once`,
      "lower one of them",
    );
  }
  if (pm === ProcessManager.Ondemand && mode === PoolMode.Shared) {
    throw wrong(
      "an ondemand pool cannot be shared: it has no worker to accept the first connection",
      `use ${spell("mode")} delegate, or ${spell("pm")} dynamic`,
    );
  }
  if (settings.affinity && mode !== PoolMode.Delegate) {
    throw wrong(
      `${spell("affinity")}: sessions need a master that passes connections to workers`,
      `use ${spell("mode")} delegate`,
    );
  }
  const hasOwner = permissions.uid !== undefined || permissions.gid !== undefined;
  if (hasOwner && !isUnix(settings.listen) && !isUnix(settings.statusListen)) {
    throw wrong("only a unix socket has an owner and a group", "listen on a path");
  }
  for (const name of ["statusPath", "pingPath"] as const) {
    const path = settings[name];
    // As in PHP-FPM: a path that a client would encode, or a server resolve, is never requested.
    if (path !== undefined && !/^\/[\w.~/-]+$/.test(path)) {
      throw wrong(`${spell(name)}: "${path}" is not the path of a page`, "write it as /status");
    }
  }
}

function isUnix(target: PoolSettings["listen"] | undefined): boolean {
  return target !== undefined && "endpoint" in target && "socketPath" in target.endpoint;
}

function wrong(message: string, hint?: string): GatewayError {
  return new GatewayError(ErrorCode.BadInput, message, { hint });
}
