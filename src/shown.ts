/** The name of the method by which Node, Deno and Bun show an object in `console.log`. */
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

type Inspect = (value: unknown, options: unknown) => string;

/**
 * Makes `console.log` show the values of an object's string keys that are no functions, getters
 * included.
 */
export function shownAs<Shown extends object>(title: string, object: Shown): Shown {
  const show = (_depth: number, options: object, inspect: Inspect): string => {
    const keys = Object.keys(object) as (keyof Shown & string)[];
    const values = keys.map((name) => [name, object[name]] as const);
    const data = values.filter(([, value]) => typeof value !== "function");
    return `${title} ${inspect(Object.fromEntries(data), options)}`;
  };
  return Object.defineProperty(object, INSPECT, { value: show });
}
