import { ErrorCode, GatewayError } from "../../errors.js";
import type { LogListener } from "../settings.js";
import type { OtlpReceiver } from "./otlp-library.js";
import { otlpMetrics } from "./otlp-metrics.js";
import { collectSamples, type PushSource } from "./push-source.js";
import { RepeatedPush } from "./repeated-push.js";

export interface OtlpOptions extends PushSource {
  readonly receiver: OtlpReceiver;
  /** Milliseconds from one push to the next. */
  readonly interval: number;
  readonly log: LogListener;
}

const messages = {
  works: "the metrics are sent",
  warns: "the metrics are sent, with a warning",
  fails: "the metrics cannot be sent",
  worksAgain: "the metrics are sent again",
} as const;

/** Sends the metrics of the modern style to an OTLP receiver on an interval. */
export function startOtlp({ receiver, interval, log, ...source }: OtlpOptions): RepeatedPush {
  const begun = Date.now();
  const push = async (signal: AbortSignal) => {
    const collected = await collectSamples(source, interval);
    const warnings = new Set<string>();
    for (const metrics of otlpMetrics(collected, begun)) {
      // What was cancelled by the end of the exporter is no news of the targets.
      if (signal.aborted) return undefined;
      const result = await receiver.send(metrics);
      // The receiver will hardly take the rest.
      if (result.error !== undefined) throw failure(result.error);
      for (const warning of result.warnings) warnings.add(warning);
    }
    // What the receiver does not take is among them.
    return warnings.size === 0 ? undefined : [...warnings].join("; ");
  };
  return new RepeatedPush(push, { interval, destination: receiver.shown, messages, log });
}

/** Says what the library's error says in several places. */
function failure(error: Error): GatewayError {
  const { code, message, data } = error as Error & { code?: string | number; data?: string };
  const parts = [code, message, data?.slice(0, 200)].filter((part) => part);
  const text = [...new Set(parts.map(String))].join(": ");
  return new GatewayError(ErrorCode.BadStatus, text, {
    hint: "check --otlp.endpoint, that the receiver runs, and OTEL_EXPORTER_OTLP_HEADERS if it asks for a token",
    cause: error,
  });
}
