import type { RequestReceiver } from "../cgi/server-machine.js";

/** Takes what comes of a request that nobody here serves. */
export const ignoringReceiver: RequestReceiver = {
  body() {},
  endBody() {},
  data() {},
  endData() {},
  aborted() {},
};
