import { hostname } from "node:os";
import type { MetricData } from "@opentelemetry/sdk-metrics";
import { ErrorCode, GatewayError } from "../../errors.js";
import { packageVersion } from "../package-version.js";

/**
 * The packages of OpenTelemetry that sending needs, in the last versions for Node 20. They are
 * optional, and loaded only here.
 */
const PACKAGES = [
  "@opentelemetry/api@^1.9.1",
  "@opentelemetry/exporter-metrics-otlp-http@^0.223.0",
  "@opentelemetry/resources@^2.12.0",
];

/** What a request to the receiver came to. */
export interface OtlpResult {
  /** Why it failed. */
  readonly error?: Error | undefined;
  /** What the library warned of, such as metrics that the receiver rejected. */
  readonly warnings: readonly string[];
}

/** Where metrics are sent to. */
export interface OtlpReceiver {
  /** The URL, without a password. */
  readonly shown: string;
  /** Sends metrics. Only one request may run at a time. */
  readonly send: (metrics: MetricData[]) => Promise<OtlpResult>;
}

/**
 * Loads OpenTelemetry's exporter. It reads `OTEL_EXPORTER_OTLP_*` itself, and repeats requests that a
 * receiver was too busy for.
 *
 * @param endpoint the URL of the receiver; without a path, `/v1/metrics` is added
 * @throws GatewayError `bad_input` if a package is missing
 */
export async function loadOtlp(endpoint: string): Promise<OtlpReceiver> {
  const [api, otlp, resources] = await Promise.all([
    import("@opentelemetry/api"),
    import("@opentelemetry/exporter-metrics-otlp-http"),
    import("@opentelemetry/resources"),
  ]).catch(explainMissing);
  let warnings: string[] = [];
  const warn = (...texts: unknown[]) => void warnings.push(texts.map(String).join(" "));
  const ignore = () => {};
  // The library tells of what a receiver rejects by its logger, and in no other way.
  api.diag.setLogger(
    { error: warn, warn, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: api.DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const url = new URL(endpoint);
  if (url.pathname === "/") url.pathname = "/v1/metrics";
  const exporter = new otlp.OTLPMetricExporter({ url: url.href });
  const version = packageVersion();
  const ours = resources.resourceFromAttributes({
    "service.name": "fcgi-probe",
    "service.version": version,
    "service.instance.id": hostname(),
    "host.name": hostname(),
  });
  // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
  const resource = ours.merge(resources.detectResources({ detectors: [resources.envDetector] }));
  const scope = { name: "fcgi-probe", version };
  const send = (metrics: MetricData[]) =>
    new Promise<OtlpResult>((resolve) => {
      exporter.export({ resource, scopeMetrics: [{ scope, metrics }] }, ({ code, error }) => {
        const isDone = code === 0;
        resolve({ error: isDone ? undefined : (error ?? new Error("it failed")), warnings });
        warnings = [];
      });
    });
  return { shown: withoutSecrets(url), send };
}

function withoutSecrets({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

function explainMissing(cause: unknown): never {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code !== "ERR_MODULE_NOT_FOUND") throw cause;
  const missing = /package '([^']+)'/.exec(message)?.[1] ?? "a package of OpenTelemetry";
  throw new GatewayError(ErrorCode.BadInput, `sending OTLP needs ${missing}, which is missing`, {
    hint: `install it beside fcgi-probe: npm install ${PACKAGES.join(" ")}`,
    cause,
  });
}
