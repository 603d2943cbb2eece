// What mod_fcgid runs: the application on the socket that is descriptor 0.
import { handlerOf, serve } from "../lib/server.js";
import { createApplication } from "./application.mjs";

await serve(createApplication(handlerOf), { listen: { fd: 0 } });
