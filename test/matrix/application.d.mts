import type { Handler } from "../../src/gateway/handler.js";

declare const application: Handler;
export default application;
