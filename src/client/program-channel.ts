import { constants } from "node:os";
import type { RequestEnd } from "../cgi/client-machine.js";
import { ProgramClient } from "../cgi/program-client.js";
import { checkVariable, type Variable, type VariableValue } from "../cgi/variables.js";
import { WINDOW } from "../engine/memory.js";
import { defaultEngine } from "../engine/select.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { checkMilliseconds } from "../numbers.js";
import type { Trace } from "../transport/connection.js";
import { CLIENT_PROXY } from "../transport/environment.js";
import { type ProcessExit, type ProcessHandlers, RunningProcess } from "../transport/process.js";
import {
  type ChannelHandlers,
  type CreateClientMachine,
  type OpenChannel,
  RequestChannel,
  type RequestStream,
} from "./channel.js";

/** How CGI programs are run. */
export interface ProgramOptions {
  /**
   * The PATH of the program's environment. Default: this process's, or
   * `/usr/local/bin:/usr/bin:/bin` where it has none.
   */
  searchPath?: string | undefined;
  /** The folder to start the program in. Default: the one that contains it (RFC 3875 §7.2). */
  workingFolder?: string | undefined;
  /**
   * Milliseconds between SIGTERM and SIGKILL when a program has to end, and between the end of its
   * output and SIGTERM. Default: 2,000; 0 leaves no time.
   */
  killGrace?: number | undefined;
}

const defaultSearchPath = "/usr/local/bin:/usr/bin:/bin";

/**
 * Channels that run a CGI program for each request, and end it when the request is abandoned.
 *
 * @throws GatewayError `bad_input` for a `killGrace` that no timer can wait for
 */
export function programPerRequest(
  program: string,
  options: ProgramOptions & { trace?: Trace | undefined } = {},
): OpenChannel {
  if (options.killGrace !== undefined) checkMilliseconds("killGrace", options.killGrace);
  return (createMachine, handlers) => new ProgramChannel(program, createMachine, handlers, options);
}

class ProgramChannel extends RequestChannel implements ProcessHandlers {
  readonly stream: RequestStream;
  readonly reused = false;
  readonly #program: ProgramClient;
  readonly #trace: Trace | undefined;
  readonly #process: RunningProcess;

  constructor(
    path: string,
    createMachine: CreateClientMachine,
    handlers: ChannelHandlers,
    options: ProgramOptions & { trace?: Trace | undefined },
  ) {
    super(createMachine, handlers);
    if (!(this.machine instanceof ProgramClient)) {
      throw new GatewayError(ErrorCode.BadInput, "a CGI program answers only CGI requests");
    }
    this.#program = this.machine;
    this.#trace = options.trace;
    const searchPath = options.searchPath ?? process.env["PATH"] ?? defaultSearchPath;
    const { workingFolder, killGrace } = options;
    const environment = environmentOf([["PATH", searchPath], ...this.machine.variables]);
    this.#process = new RunningProcess(path, this, { environment, workingFolder, killGrace });
    this.stream = {
      write: (parts) => this.#write(parts),
      pause: () => this.#process.pause(),
      resume: () => this.#process.resume(),
    };
  }

  started(): void {
    this.handlers.ready();
  }

  drained(): void {
    this.handlers.drained();
  }

  data(length: number): void {
    this.#trace?.("received", defaultEngine().memory.subarray(WINDOW, WINDOW + length));
    this.#guard(() => this.machine.receive(length));
  }

  override stderr(bytes: Uint8Array): void {
    this.#guard(() => super.stderr(bytes));
  }

  failed(error: GatewayError): void {
    this.fail(error);
  }

  exited(exit: ProcessExit): void {
    this.#program.result = requestEnd(exit);
    const problem = this.machine.closed(undefined);
    if (problem !== undefined) this.fail(problem);
  }

  protected free(): void {
    this.#process.destroy();
  }

  #write(parts: readonly Uint8Array[]): boolean {
    for (const part of parts) this.#trace?.("sent", part);
    const more = this.#process.write(parts);
    if (this.#program.aborted) this.#process.terminate();
    else if (this.#program.bodyEnded) this.#process.endInput();
    return more;
  }

  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.fail(error);
    }
  }
}

/** The exit status as shells report it: for a killed program, 128 plus the number of the signal. */
function requestEnd({ code, signal, lingered }: ProcessExit): RequestEnd {
  if (signal === null) return { appStatus: code ?? 0, protocolStatus: 0 };
  const end = { appStatus: 128 + constants.signals[signal], protocolStatus: 0 };
  return lingered ? end : { ...end, signal };
}

/**
 * An environment of these variables only; the last one of a name counts. HTTP_PROXY, a client's
 * `Proxy` header, is left out: a program would take it for a setting (httpoxy).
 */
function environmentOf(variables: readonly Variable[]): Record<string, string> {
  const environment = new Map<string, string>();
  for (const variable of variables) {
    const [name, value] = variable;
    checkVariable(variable);
    if (name === CLIENT_PROXY) continue;
    if (name.includes("=")) {
      throw new GatewayError(ErrorCode.BadInput, `no environment can hold the name ${name}`);
    }
    environment.set(name, textOf(name, value));
  }
  return Object.fromEntries(environment);
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Node passes an environment in UTF-8, and would replace other bytes. */
function textOf(name: string, value: VariableValue): string {
  if (typeof value === "string") return value;
  try {
    return strict.decode(value);
  } catch (cause) {
    throw new GatewayError(
      ErrorCode.BadInput,
      `the value of ${name} is not UTF-8, and a program is run with UTF-8 alone`,
      { cause, hint: `give ${name} another value, or none` },
    );
  }
}
