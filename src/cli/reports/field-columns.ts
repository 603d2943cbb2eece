import type { FieldValue } from "../../status-page/field-values.js";
import { entriesOf, type Field, isText } from "../../status-page/fields.js";
import { ProcessState, processState } from "../../status-page/pool-status.js";
import type { Column } from "../../terminal/table.js";
import { visible } from "../../terminal/text.js";
import { formatBytes, formatMicroseconds, formatSeconds } from "../../terminal/units.js";

/** What happens to a column in a narrow terminal. */
type Fit = Pick<Column<never>, "clip" | "shrinkTo" | "dropOrder">;

/**
 * Makes a column for each field that has a heading: first those that `fits` names, in its order,
 * then the others in the order of the page. Texts are aligned left, numbers right.
 *
 * @param read gets the value of a field; `undefined` is shown as `-`
 */
export function fieldColumns<Row, Name extends string>(
  fields: Readonly<Record<Name, Field>>,
  fits: Partial<Record<NoInfer<Name>, Fit>>,
  read: (row: Row, name: NoInfer<Name>) => FieldValue | undefined,
): (Column<Row> & { readonly name: Name; readonly since: number })[] {
  const order = Object.keys(fits);
  const place = (name: Name): number => (name in fits ? order.indexOf(name) : order.length);
  return entriesOf(fields)
    .toSorted(([one], [other]) => place(one) - place(other))
    .flatMap(([name, field]) =>
      field.column === undefined
        ? []
        : {
            name,
            since: field.since,
            title: field.column,
            value: (row: Row) => fieldText(field, read(row, name)),
            align: isText(field.type) ? ("left" as const) : ("right" as const),
            ...fits[name],
          },
    );
}

function fieldText({ type }: Field, value: FieldValue | undefined): string {
  if (value === undefined) return "-";
  switch (type) {
    case "state":
      return stateText(`${value}`);
    case "text":
    case "uri":
      return visible(`${value}`);
    case "seconds":
      return formatSeconds(Number(value));
    case "microseconds":
      return formatMicroseconds(Number(value));
    case "bytes":
      return formatBytes(Number(value));
    case "percent":
      return `${Number(value).toFixed(1)}%`;
    default:
      return `${value}`;
  }
}

/** Short words for the states of all versions of PHP. An unknown state is shown as it is. */
const stateWords: Readonly<Record<ProcessState, string>> = {
  [ProcessState.Idle]: "Idle",
  [ProcessState.Running]: "Running",
  [ProcessState.Finishing]: "Finishing",
  [ProcessState.Ending]: "Ending",
  [ProcessState.ReadingHeaders]: "Reading",
  [ProcessState.GettingRequestInformation]: "Getting info",
  [ProcessState.Creating]: "Creating",
};

function stateText(state: string): string {
  const known = processState(state);
  return known === undefined ? visible(state) : stateWords[known];
}
