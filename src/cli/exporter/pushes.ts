import type { PushSource } from "../../exporter/push/push-source.js";
import type { RepeatedPush } from "../../exporter/push/repeated-push.js";
import type { LogListener } from "../../exporter/settings.js";
import type { ProcessSettings } from "./process-settings.js";

/** Starts a push of the metrics of an exporter. */
export type StartPush = (source: PushSource, log: LogListener) => RepeatedPush;

/**
 * Prepares what is pushed: loads what it needs, and nothing where nothing is pushed.
 *
 * @throws GatewayError `bad_input` if OpenTelemetry's packages are missing
 */
export async function preparePushes({ textfile, otlp }: ProcessSettings): Promise<StartPush[]> {
  const pushes: StartPush[] = [];
  if (textfile !== undefined) {
    const { startTextfile } = await import("../../exporter/push/textfile.js");
    pushes.push((source, log) => startTextfile({ ...source, ...textfile, log }));
  }
  if (otlp !== undefined) {
    const { endpoint, interval } = otlp;
    const { loadOtlp } = await import("../../exporter/push/otlp-library.js");
    const { startOtlp } = await import("../../exporter/push/otlp.js");
    const receiver = await loadOtlp(endpoint);
    pushes.push((source, log) => startOtlp({ ...source, receiver, interval, log }));
  }
  return pushes;
}
