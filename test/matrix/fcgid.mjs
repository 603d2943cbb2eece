// What mod_fcgid runs: the application on the socket that is descriptor 0.
import { serve } from "../dist/server.js";
import application from "./application.mjs";

await serve(application, { listen: { fd: 0 } });
