import type { Handler, handlerOf } from "../../src/gateway/handler.js";

/** The application, with the `handlerOf` of the package under test. */
export declare const createApplication: (own: typeof handlerOf) => Handler;
