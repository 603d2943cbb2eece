import { ErrorCode, GatewayError } from "../../errors.js";
import type { LogListener } from "../settings.js";
import { loadOtlp } from "./otlp-library.js";
import { otlpMetrics } from "./otlp-metrics.js";
import { collectSamples, type PushSource } from "./push-source.js";
import { RepeatedPush } from "./repeated-push.js";

export interface OtlpOptions extends PushSource {
  /** The URL of the receiver. Without a path, `/v1/metrics` is added. */
  readonly endpoint: string;
  /** Milliseconds from one push to the next. */
  readonly interval: number;
  readonly log: LogListener;
}

const messages = {
  works: "the metrics are sent",
  warns: "the metrics are sent, and the receiver does not take all of them",
  fails: "the metrics cannot be sent",
  worksAgain: "the metrics are sent again",
} as const;

/**
 * Sends the metrics of the modern style to an OTLP receiver on an interval, by OpenTelemetry's own
 * exporter.
 *
 * @throws GatewayError `bad_input` if OpenTelemetry's packages are missing
 */
export async function startOtlp(options: OtlpOptions): Promise<RepeatedPush> {
  const { endpoint, interval, log, ...source } = options;
  const begun = Date.now();
  const url = new URL(endpoint);
  if (url.pathname === "/") url.pathname = "/v1/metrics";
  const send = await loadOtlp(url.href);
  const destination = shownEndpoint(url);
  const push = async (signal: AbortSignal) => {
    const collected = await collectSamples(source, interval);
    const warnings = new Set<string>();
    for (const metrics of otlpMetrics(collected, begun)) {
      // What was cancelled by the end of the exporter is no news of the targets.
      if (signal.aborted) return undefined;
      const result = await send(metrics);
      // The receiver will hardly take the rest.
      if (result.error !== undefined) throw failure(result.error);
      for (const warning of result.warnings) warnings.add(warning);
    }
    return warnings.size === 0 ? undefined : [...warnings].join("; ");
  };
  return new RepeatedPush(push, { interval, destination, messages, log });
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

/** The endpoint without a password. */
function shownEndpoint(url: URL): string {
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  shown.search = "";
  return shown.href;
}
