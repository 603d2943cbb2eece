import type { Handler, handlerOf } from "../../src/server/handler.js";

/** The application, with the `handlerOf` of the package under test. */
export declare const createApplication: (own: typeof handlerOf) => Handler;
