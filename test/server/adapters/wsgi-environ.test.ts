import { describe, expect, it } from "vitest";
import { Protocol } from "../../../src/address.js";
import type { Variable } from "../../../src/cgi/variables.js";
import type { WsgiEnviron } from "../../../src/server/adapters/wsgi.js";
import { fromWsgi } from "../../../src/server/adapters/wsgi.js";
import { bytes } from "../../bytes.js";
import { makeContext } from "../context.js";
import { environOf, url } from "./run-wsgi.js";

describe("S3.16 the environ", () => {
  it("has what WSGI asks for", async () => {
    const context = makeContext();
    let seen: WsgiEnviron | undefined;
    await fromWsgi((environ, startResponse) => {
      seen = environ;
      startResponse("200 OK", []);
      return [];
    })(new Request(url, { method: "POST", body: "hello" }), context);
    expect(seen).toMatchObject({
      REQUEST_METHOD: "POST",
      SCRIPT_NAME: "",
      PATH_INFO: "/a b",
      QUERY_STRING: "c=d",
      SERVER_NAME: "example.com",
      SERVER_PORT: "80",
      SERVER_PROTOCOL: "HTTP/1.1",
      "wsgi.version": [1, 0],
      "wsgi.url_scheme": "http",
      "wsgi.errors": context.errors,
      "wsgi.multithread": false,
      "wsgi.multiprocess": true,
      "wsgi.run_once": false,
    });
    expect(await new Response(seen?.["wsgi.input"] as ReadableStream).text()).toBe("hello");
  });

  it("S3.13 has CONTENT_TYPE and CONTENT_LENGTH, empty, when the request has none", async () => {
    expect(await environOf([])).toMatchObject({ CONTENT_TYPE: "", CONTENT_LENGTH: "" });
    const input = (await environOf([]))["wsgi.input"];
    expect(await new Response(input).text()).toBe("");
  });

  it("has the variables, in byte strings, and no prototype", async () => {
    const environ = await environOf([
      ["HTTP_X_NAME", bytes("\xe9")],
      ["HTTP_TWICE", "1"],
      ["HTTP_TWICE", "2"],
      ["__proto__", "own"],
      ["SERVER_NAME", "named"],
    ]);
    expect(environ).toMatchObject({ HTTP_X_NAME: "\xe9", HTTP_TWICE: "2", SERVER_NAME: "named" });
    expect(Object.getPrototypeOf(environ)).toBeNull();
    expect(Object.getOwnPropertyDescriptor(environ, "__proto__")?.value).toBe("own");
    expect("toString" in environ).toBe(false);
  });

  it("has the mount point and the rest of the path as the front end splits it", async () => {
    const variables: Variable[] = [
      ["SCRIPT_NAME", "/mount"],
      ["PATH_INFO", "/rest"],
    ];
    expect(await environOf(variables)).toMatchObject({ SCRIPT_NAME: "/mount", PATH_INFO: "/rest" });
  });

  it("S3.B has the whole path in PATH_INFO if the front end sends no PATH_INFO", async () => {
    const environ = await environOf([["SCRIPT_NAME", "/a b"]]);
    expect(environ).toMatchObject({ SCRIPT_NAME: "", PATH_INFO: "/a b" });
  });

  it("of a CGI program is the server's own, and says that it runs once", async () => {
    const variables: Variable[] = [["SCRIPT_NAME", "/cgi-bin/app"]];
    const environ = await environOf(variables, {}, Protocol.Cgi);
    expect(environ).toMatchObject({
      SCRIPT_NAME: "/cgi-bin/app",
      PATH_INFO: "",
      "wsgi.run_once": true,
    });
  });

  it("has no HTTP_PROXY", async () => {
    expect("HTTP_PROXY" in (await environOf([["HTTP_PROXY", "http://evil"]]))).toBe(false);
  });
});
