import { type Address, Protocol } from "../address.js";
import { ErrorCode, GatewayError, withAddress } from "../errors.js";
import { defaultTimeout } from "../limits.js";
import { UwsgiPingClient } from "../uwsgi/client.js";
import { checkOptions } from "./check-options.js";
import { collect } from "./collect.js";
import { type ConnectOptions, channelsTo, targetAddress } from "./connect.js";

export interface UwsgiPingOptions extends ConnectOptions {
  /** Milliseconds that the answer may take. Default: 5,000; 0 leaves no time. */
  timeout?: number | undefined;
  /** Cancels the request. */
  signal?: AbortSignal | undefined;
}

/**
 * Checks that a uwsgi server answers (modifier 100). A free worker answers without running the
 * application.
 *
 * @throws GatewayError `wrong_protocol` for any other answer than the protocol's; `deadline` when
 * every worker is busy; `bad_address` for an address of another protocol
 */
export async function uwsgiPing(
  target: string | Address,
  options: UwsgiPingOptions = {},
): Promise<void> {
  checkOptions("options", options);
  const address = targetAddress(target);
  try {
    if (address.protocol !== Protocol.Uwsgi) {
      throw new GatewayError(
        ErrorCode.BadAddress,
        "only a uwsgi:// address can be pinged this way",
        {
          hint: "write it as uwsgi://127.0.0.1:3031 or uwsgi://unix:/run/app.sock",
        },
      );
    }
    const { timeout = defaultTimeout, signal } = options;
    await collect(channelsTo(address, options), (handlers) => new UwsgiPingClient(handlers), {
      timeout,
      signal,
      maxLength: 0,
      drainTimeout: 0,
    });
  } catch (error) {
    throw withAddress(error, address.text);
  }
}
