import { encodeRequest } from "../../src/scgi/client.js";
import { createScgiServer } from "../../src/scgi/server.js";
import { describeOneRequest } from "../cgi/one-request-laws.js";
import { netstrings } from "../engine/arbitraries.js";

describeOneRequest({
  name: "SCGI",
  encode: encodeRequest,
  create: createScgiServer,
  others: netstrings,
});
