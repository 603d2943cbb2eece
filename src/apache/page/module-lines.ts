import { ProxyBalancerRecord, ProxyWorkerRecord } from "./status-record.js";

const balancerKey =
  /^ProxyBalancer\[(\d{1,9})\](?:Name|Worker\[(\d{1,9})\](Name|Status|Elected|Busy|Sent|Rcvd))$/;

/** Reads a line of mod_proxy_balancer; `false` where it is none. */
export function readBalancerField(
  balancers: ProxyBalancerRecord[],
  key: string,
  value: string,
): boolean {
  if (!key.startsWith("ProxyBalancer[")) return false;
  const match = balancerKey.exec(key);
  if (match === null) return false;
  const [, balancerIndex, workerIndex, name] = match;
  const balancer = balancerOf(balancers, Number(balancerIndex));
  if (workerIndex === undefined) {
    balancer.name = value;
    return true;
  }
  const worker = workerOf(balancer, Number(workerIndex));
  switch (name) {
    case "Name":
      worker.name = value;
      break;
    case "Status":
      worker.status = value.trimEnd();
      break;
    case "Elected":
      worker.elected = count(value);
      break;
    case "Busy":
      worker.busy = count(value);
      break;
    case "Sent":
      worker.sent = parseTraffic(value);
      break;
    case "Rcvd":
      worker.received = parseTraffic(value);
  }
  return true;
}

/** The lines of one balancer, and of one worker, stand together. */
function balancerOf(balancers: ProxyBalancerRecord[], index: number): ProxyBalancerRecord {
  const last = balancers.at(-1);
  if (last?.index === index) return last;
  const balancer = new ProxyBalancerRecord(index);
  balancers.push(balancer);
  return balancer;
}

function workerOf(balancer: ProxyBalancerRecord, index: number): ProxyWorkerRecord {
  const last = balancer.workers.at(-1);
  if (last?.index === index) return last;
  const worker = new ProxyWorkerRecord(index);
  balancer.workers.push(worker);
  return worker;
}

/** httpd counts busy requests down once too often, and prints what is below zero as 2^64 - n. */
function count(text: string): number | undefined {
  if (!/^\d{1,20}$/.test(text)) return undefined;
  return Number(text) < 2 ** 63 ? Number(text) : 0;
}

const units = "KMGTPE";

/**
 * Bytes of `4K`, and of what httpd 2.4.16 to 2.4.34 printed (`5.5M`, ` 12K`, `  0 `). What APR
 * prints for less than nothing, `  - `, is `undefined`.
 */
export function parseTraffic(text: string): number | undefined {
  const match = /^\s*(\d{1,20}(?:\.\d{1,9})?)\s*([KMGTPE]?)\s*$/i.exec(text);
  if (match === null) return undefined;
  const [, number, unit = ""] = match;
  const power = unit === "" ? 0 : units.indexOf(unit.toUpperCase()) + 1;
  return Number(number) * 1024 ** power;
}
