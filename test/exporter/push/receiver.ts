import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { until } from "../../harness/server-process.js";

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

interface Point {
  readonly attributes: readonly Attribute[];
  readonly startTimeUnixNano: string;
  readonly timeUnixNano: string;
  readonly asDouble?: number;
  readonly bucketCounts?: readonly number[];
  readonly explicitBounds?: readonly number[];
  readonly count?: number;
  readonly sum?: number;
}

interface Metric {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly gauge?: { readonly dataPoints: readonly Point[] };
  readonly sum?: {
    readonly aggregationTemporality: number;
    readonly isMonotonic: boolean;
    readonly dataPoints: readonly Point[];
  };
  readonly histogram?: { readonly dataPoints: readonly Point[] };
}

/** An OTLP request in JSON. */
export interface OtlpRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly resource: Readonly<Record<string, string | undefined>>;
  readonly scope: { readonly name: string; readonly version: string };
  readonly metrics: readonly Metric[];
}

/** Answers a request, the first of which is number 0. */
export type Answer = (response: ServerResponse, number: number) => void;

const taken: Answer = (response) => response.end("{}");

/** Starts an OTLP receiver. */
export async function startReceiver(answer: Answer = taken) {
  const requests: OtlpRequest[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    requests.push(parse(request.url ?? "", request.headers, body));
    answer(response, requests.length - 1);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    /** Waits for this many requests. */
    received: (count: number) =>
      until(
        () => requests.length >= count,
        () => `there were ${requests.length} requests`,
      ),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function parse(path: string, headers: IncomingHttpHeaders, body: string): OtlpRequest {
  const [resourceMetrics] = JSON.parse(body).resourceMetrics;
  const [{ scope, metrics }] = resourceMetrics.scopeMetrics;
  return { path, headers, resource: labelsOf(resourceMetrics.resource.attributes), scope, metrics };
}

function labelsOf(attributes: readonly Attribute[]): Record<string, string | undefined> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));
}

/** One value, and when it began, in milliseconds since 1970. */
export interface OtlpSeries {
  /** As in the text format, with the labels sorted. */
  readonly line: string;
  readonly start: number;
  readonly isSum: boolean;
}

/** The points of requests as lines of the text format. */
export function seriesOfRequests(requests: readonly OtlpRequest[]): OtlpSeries[] {
  return requests.flatMap(({ metrics }) =>
    metrics.flatMap(({ name, gauge, sum, histogram }) => {
      const points = (gauge ?? sum ?? histogram)?.dataPoints ?? [];
      return points.flatMap((point) => {
        const labels = labelsOf(point.attributes);
        const start = Number(point.startTimeUnixNano) / 1e6;
        const series = (suffix: string, value: number | undefined, more = {}) => ({
          line: lineOf(`${name}${suffix}`, { ...labels, ...more }, value),
          start,
          isSum: sum !== undefined,
        });
        if (histogram === undefined) return [series("", point.asDouble)];
        let total = 0;
        const buckets = (point.bucketCounts ?? []).map((count, index) => {
          total += count;
          return series("_bucket", total, { le: `${point.explicitBounds?.[index] ?? "+Inf"}` });
        });
        return [...buckets, series("_sum", point.sum), series("_count", point.count)];
      });
    }),
  );
}

function lineOf(
  name: string,
  labels: Readonly<Record<string, string | undefined>>,
  value: number | undefined,
): string {
  const pairs = Object.entries(labels)
    .map(([key, text = ""]) => `${key}=${JSON.stringify(text)}`)
    .sort();
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`;
}
