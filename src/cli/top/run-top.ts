import type { ApacheWorker } from "../../apache/workers/workers.js";
import { type FoundPlaces, followPlaces } from "../../top/find-places.js";
import type { LiveTarget } from "../../top/live-target.js";
import { LiveTargets } from "../../top/live-targets.js";
import { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import { warningLine } from "../report-error.js";
import { HttpdPage } from "./httpd-page.js";
import { killShownWorker } from "./kill-worker.js";
import { ListPage } from "./list-page.js";
import { writeOneFrame } from "./one-frame.js";
import { PoolPage } from "./pool-page.js";
import type { TopOptions } from "./top-options.js";
import { TopScreen } from "./top-screen.js";

/** Shows targets live on a terminal, until the user quits; elsewhere, once. */
export async function runTop(options: TopOptions, io: Io): Promise<ExitCode> {
  const stop = new AbortController();
  const signal = AbortSignal.any([io.signal, stop.signal]);
  const isLive = io.stdout.isTerminal && io.env["TERM"] !== "dumb";
  try {
    return await (isLive ? showScreen(options, signal, io) : showOnce(options, signal, io));
  } finally {
    stop.abort();
  }
}

async function showScreen(options: TopOptions, signal: AbortSignal, io: Io): Promise<ExitCode> {
  const { style } = io.stdout;
  const targets = new LiveTargets({ ...options, signal, onChange: () => screen.changed() });
  const screen = new TopScreen(targets, io);
  const context = {
    style,
    kill: (worker: ApacheWorker, target: LiveTarget) =>
      killShownWorker(worker, target, { ...options, signal }),
    changed: () => screen.changed(),
  };
  const open = (target: LiveTarget) =>
    screen.show(
      target.place.kind === "apache"
        ? new HttpdPage(targets, target, context)
        : new PoolPage(targets, target, style, options),
    );
  const list = new ListPage(targets, style, { sort: options.listSort, open });
  if (options.places.length === 0) list.note = "looking for the pools and httpds of this machine";
  screen.show(list);
  const stopSearch = followPlaces(options.places, options.hasHttpds, ({ places, note }) => {
    list.note = note;
    targets.set(places);
  });
  const [only, ...others] = targets.all;
  if (options.places.length > 0 && only !== undefined && others.length === 0) open(only);
  try {
    await screen.run();
  } finally {
    stopSearch();
    targets.close();
  }
  return io.signal.aborted ? ExitCode.Interrupted : ExitCode.Fine;
}

/** Waits until every target has answered or failed. */
async function showOnce(options: TopOptions, signal: AbortSignal, io: Io): Promise<ExitCode> {
  let onChange = (): void => {};
  const targets = new LiveTargets({ ...options, signal, onChange: () => onChange() });
  let found: FoundPlaces | undefined;
  const stopSearch = followPlaces(options.places, options.hasHttpds, (places) => {
    found = places;
    targets.set(places.places);
  });
  try {
    await new Promise<void>((resolve) => {
      onChange = () => {
        if (found !== undefined && targets.all.every(({ isKnown }) => isKnown)) resolve();
      };
      signal.addEventListener("abort", () => resolve(), { once: true });
      onChange();
    });
  } finally {
    stopSearch();
    targets.close();
  }
  if (io.signal.aborted) return ExitCode.Interrupted;
  if (found?.note !== undefined) await io.stderr.writeLines([warningLine(found.note, io)]);
  if (targets.all.length === 0) return ExitCode.Failed;
  return writeOneFrame(targets, options, io);
}
