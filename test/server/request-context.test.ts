import { testRequests } from "./request-cases.js";

testRequests(undefined);
