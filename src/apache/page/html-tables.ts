import { Tokenizer, type TokenizerCallbacks } from "htmlparser2";

/** Receives what {@link HtmlTables} finds in a page. */
export interface TableHandlers {
  /**
   * Called when a row ends. The arrays are reused for the next row.
   *
   * @param headings the texts of its `th`, without blanks around them
   * @param cells the texts of its `td`, without blanks around them
   */
  row(headings: readonly string[], cells: readonly string[]): void;
  /** Called when a table begins. Tables nest. */
  beginTable(): void;
  /** Called when the innermost table ends. */
  endTable(): void;
  /**
   * Called with the text of a `title`, `h1`, `h2` or `pre` outside of tables. A table inside it
   * splits the text into parts.
   */
  text(element: string, text: string): void;
}

/** A table that is open. A row or cell without an end tag ends where the next one begins. */
class OpenTable {
  readonly headings: string[] = [];
  readonly cells: string[] = [];
  /** Which kind of cell is open; its text is collected in `text`. */
  cell: "none" | "th" | "td" = "none";
  text = "";
}

const LOWER = 0x20;
const letters = (name: string) => Array.from(name, (letter) => letter.charCodeAt(0));
const [A_B, A_D, A_E, A_H, A_L, A_R, A_T] = letters("bdehlrt") as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

/**
 * Extracts the rows of the tables of an HTML page, piece by piece. Only a token that a piece cuts
 * is kept for the next one.
 */
export class HtmlTables {
  readonly #handlers: TableHandlers;
  readonly #tokenizer: Tokenizer;
  readonly #tables: OpenTable[] = [];
  /** The innermost open table. */
  #table: OpenTable | undefined;
  /** The element outside of tables whose text is collected, or "". */
  #element = "";
  #elementText = "";
  /** The part of the page that is not yet processed, from `#offset` on. */
  #text = "";
  #offset = 0;
  /** The offset after what has been handled. */
  #seen = 0;

  constructor(handlers: TableHandlers) {
    this.#handlers = handlers;
    this.#tokenizer = new Tokenizer({ decodeEntities: true }, this.#callbacks());
  }

  write(piece: string): void {
    const kept = this.#text.slice(this.#seen - this.#offset);
    this.#text = kept === "" ? piece : kept + piece;
    this.#offset = this.#seen;
    this.#tokenizer.write(piece);
  }

  /** Ends the page, and with it all tables that are open. */
  end(): void {
    this.#tokenizer.end();
    this.#reportText();
    while (this.#table !== undefined) this.#closeTable();
  }

  #callbacks(): TokenizerCallbacks {
    const seen = (_start: number, end: number) => {
      this.#seen = end;
    };
    const nothing = () => {};
    return {
      onopentagname: (start, end) => {
        this.#seen = end;
        this.#open(start - this.#offset, end - this.#offset);
      },
      onclosetag: (start, end) => {
        this.#seen = end;
        this.#close(start - this.#offset, end - this.#offset);
      },
      ontext: (start, end) => {
        this.#seen = end;
        this.#addText(start - this.#offset, end - this.#offset);
      },
      ontextentity: (codePoint, end) => {
        this.#seen = end;
        this.#add(String.fromCodePoint(codePoint));
      },
      oncomment: seen,
      oncdata: seen,
      ondeclaration: seen,
      onprocessinginstruction: seen,
      onattribname: seen,
      onattribdata: seen,
      onattribentity: nothing,
      onattribend: nothing,
      onopentagend: nothing,
      onselfclosingtag: nothing,
      onend: nothing,
    };
  }

  #addText(start: number, end: number): void {
    const table = this.#table;
    if (table === undefined ? this.#element === "" : table.cell === "none") return;
    this.#add(this.#text.slice(start, end));
  }

  #add(text: string): void {
    const table = this.#table;
    if (table === undefined) {
      if (this.#element !== "") this.#elementText += text;
    } else if (table.cell !== "none") {
      table.text = table.text === "" ? text : table.text + text;
    }
  }

  #open(start: number, end: number): void {
    const table = this.#table;
    switch (this.#tag(start, end)) {
      case "td":
        if (table !== undefined) this.#openCell(table, "td");
        break;
      case "th":
        if (table !== undefined) this.#openCell(table, "th");
        break;
      case "tr":
        if (table !== undefined) this.#closeRow(table);
        break;
      case "table":
        this.#reportText();
        this.#table = new OpenTable();
        this.#tables.push(this.#table);
        this.#handlers.beginTable();
        break;
      case "other":
        if (table === undefined) this.#openElement(this.#textElement(start, end));
    }
  }

  #close(start: number, end: number): void {
    const table = this.#table;
    switch (this.#tag(start, end)) {
      case "td":
      case "th":
        if (table !== undefined) closeCell(table);
        break;
      case "tr":
        if (table !== undefined) this.#closeRow(table);
        break;
      case "table":
        if (table !== undefined) this.#closeTable();
        break;
      case "other":
        if (this.#element !== "" && this.#textElement(start, end) === this.#element) {
          this.#reportText();
          this.#element = "";
        }
    }
  }

  #openElement(name: string): void {
    if (name === "") return;
    this.#reportText();
    this.#element = name;
  }

  /** Only what is whole: a piece of the page may end inside of it. */
  #reportText(): void {
    if (this.#elementText === "") return;
    this.#handlers.text(this.#element, this.#elementText);
    this.#elementText = "";
  }

  #openCell(table: OpenTable, cell: "th" | "td"): void {
    closeCell(table);
    table.cell = cell;
  }

  #closeRow(table: OpenTable): void {
    closeCell(table);
    const { headings, cells } = table;
    if (headings.length + cells.length === 0) return;
    this.#handlers.row(headings, cells);
    headings.length = 0;
    cells.length = 0;
  }

  #closeTable(): void {
    this.#closeRow(this.#table as OpenTable);
    this.#handlers.endTable();
    this.#tables.pop();
    this.#table = this.#tables.at(-1);
  }

  /** Recognises the name of a tag. It compares codes, because most tags are cells. */
  #tag(start: number, end: number): "td" | "th" | "tr" | "table" | "other" {
    const text = this.#text;
    if ((text.charCodeAt(start) | LOWER) !== A_T) return "other";
    if (end - start === 2) {
      const second = text.charCodeAt(start + 1) | LOWER;
      if (second === A_D) return "td";
      if (second === A_R) return "tr";
      if (second === A_H) return "th";
      return "other";
    }
    const isTable =
      end - start === 5 &&
      (text.charCodeAt(start + 2) | LOWER) === A_B &&
      (text.charCodeAt(start + 3) | LOWER) === A_L &&
      (text.charCodeAt(start + 4) | LOWER) === A_E;
    return isTable ? "table" : "other";
  }

  /** The name of an element whose text is reported, or "". */
  #textElement(start: number, end: number): string {
    if (end - start > 5) return "";
    const name = this.#text.slice(start, end).toLowerCase();
    return name === "title" || name === "h1" || name === "h2" || name === "pre" ? name : "";
  }
}

function closeCell(table: OpenTable): void {
  if (table.cell === "none") return;
  (table.cell === "td" ? table.cells : table.headings).push(table.text.trim());
  table.cell = "none";
  table.text = "";
}
