import { afterEach, describe, expect, it } from "vitest";
import {
  dropClientProxy,
  environmentVariables,
  requestVariablesFromEnvironment,
} from "../../src/transport/environment.js";

/** The 17 meta-variables of RFC 3875 §4.1. */
const rfc3875 = `AUTH_TYPE CONTENT_LENGTH CONTENT_TYPE GATEWAY_INTERFACE PATH_INFO PATH_TRANSLATED
  QUERY_STRING REMOTE_ADDR REMOTE_HOST REMOTE_IDENT REMOTE_USER REQUEST_METHOD SCRIPT_NAME
  SERVER_NAME SERVER_PORT SERVER_PROTOCOL SERVER_SOFTWARE`.split(/\s+/);

const environment = (names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, "x"]));

describe("what of an environment is about a request", () => {
  it.each([...rfc3875, "HTTP_COOKIE", "HTTP_X_A", "HTTPS", "REQUEST_URI", "SCRIPT_FILENAME"])(
    "is %s",
    (name) => {
      expect(requestVariablesFromEnvironment({ [name]: "x" }, [])).toEqual([[name, "x"]]);
    },
  );

  it.each([
    ...["PATH", "HOME", "DATABASE_URL", "AWS_SECRET_ACCESS_KEY", "NODE_OPTIONS", "HTTP_PROXY"],
    ...["http_proxy", "HTTPS_PROXY", "XHTTP_A", "REDIRECT_DATABASE_URL", "LD_PRELOAD", "SSL_CERT"],
  ])("is not %s", (name) => {
    expect(requestVariablesFromEnvironment({ [name]: "x" }, [])).toEqual([]);
  });

  it("is what is named, where it is set", () => {
    const names = ["APP_ENV", "PATH", "REQUEST_METHOD"];
    const variables = requestVariablesFromEnvironment(environment(names), ["APP_ENV", "NOT_SET"]);
    expect(variables.map(([name]) => name)).toEqual(["APP_ENV", "REQUEST_METHOD"]);
  });
});

describe("HTTP_PROXY, which clients set by a Proxy header,", () => {
  const names = ["HTTP_PROXY", "http_proxy", "NODE_USE_ENV_PROXY", "NODE_OPTIONS"];
  const before = Object.fromEntries(names.map((name) => [name, process.env[name]]));
  const set = (values: Record<string, string | undefined>) => {
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  afterEach(() => set(before));

  it("is no variable of a CGI program", () => {
    expect(environmentVariables({ HTTP_PROXY: "x", HTTP_A: "y" })).toEqual([["HTTP_A", "y"]]);
  });

  it("leaves this process, and the operator's own stays", () => {
    set({ HTTP_PROXY: "http://evil:1", http_proxy: "http://proxy:1", NODE_USE_ENV_PROXY: "1" });
    dropClientProxy();
    expect(process.env).not.toHaveProperty("HTTP_PROXY");
    expect(process.env).toHaveProperty("http_proxy");
  });

  it.each([
    { NODE_USE_ENV_PROXY: "1", NODE_OPTIONS: undefined },
    { NODE_USE_ENV_PROXY: undefined, NODE_OPTIONS: "--no-warnings --use-env-proxy" },
  ])("ends a program whose Node has taken it for its proxy: %j", (settings) => {
    set({ HTTP_PROXY: "http://evil:1", http_proxy: undefined, ...settings });
    expect(dropClientProxy).toThrow(expect.objectContaining({ code: "bad_input" }));
    expect(process.env).not.toHaveProperty("HTTP_PROXY");
    expect(dropClientProxy).not.toThrow();
  });
});
