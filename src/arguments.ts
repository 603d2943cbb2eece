/** Checks of what a program passes to the library: a wrong argument is a TypeError that names it. */

/** Whether a value is an object, and not null. */
export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Whether a value is an object that has a method of this name. */
export function hasMethod(value: unknown, name: string): boolean {
  return isObject(value) && typeof (value as Record<string, unknown>)[name] === "function";
}

/** Whether a value is a Request, of this runtime or of a framework, which may have its own class. */
export function isFetchRequest(value: unknown): value is Request {
  if (value instanceof Request) return true;
  return Object.prototype.toString.call(value) === "[object Request]";
}

/** @throws TypeError that names the argument */
export function checkObject(argument: string, value: unknown): asserts value is object {
  if (!isObject(value)) throw wrongArgument(argument, value, "an object");
}

/** @throws TypeError that names the argument */
export function checkFunction(argument: string, value: unknown): void {
  if (typeof value !== "function") throw wrongArgument(argument, value, "a function");
}

/** @param expected what the argument has to be: "a string" */
export function wrongArgument(argument: string, value: unknown, expected: string): TypeError {
  return new TypeError(`${argument}: ${described(value)} is not ${expected}`);
}

/** A value for a message: in one line, and of a string the first 64 characters. */
export function described(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 64));
  if (typeof value === "function") return "a function";
  return isObject(value) ? Object.prototype.toString.call(value) : String(value);
}
