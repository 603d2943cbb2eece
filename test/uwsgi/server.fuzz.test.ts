import { encodePacket } from "../../src/uwsgi/encode.js";
import { createUwsgiServer } from "../../src/uwsgi/server.js";
import { describeOneRequest } from "../cgi/one-request-laws.js";
import { packets } from "../engine/arbitraries.js";

describeOneRequest({
  name: "uwsgi",
  encode: (variables, contentLength) =>
    encodePacket({ variables: [["CONTENT_LENGTH", `${contentLength}`], ...variables] }),
  create: createUwsgiServer,
  others: packets,
});
