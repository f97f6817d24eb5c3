"use strict";
// Tables are sorted by the number in a cell, else by its text; empty cells come last.
function worth(row, column) {
  const cell = row.cells[column], number = cell.querySelector("data"), day = cell.querySelector("time");
  if (number) return [0, Number(number.value)];
  const text = day ? day.dateTime : cell.textContent.trim();
  return text === "" || text === "\u2013" ? [2, ""] : [1, text];
}
function sort(table, head, column) {
  const down = head.getAttribute("aria-sort") !== "descending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });
  const rows = Array.from(table.tBodies[0].rows, row => [worth(row, column), row]);
  rows.sort(([[kind, one]], [[other, two]]) => {
    if (kind !== other) return kind - other;
    const order = typeof one === "number" ? one - two : collator.compare(one, two);
    return down ? -order : order;
  });
  table.tBodies[0].append(...rows.map(([, row]) => row));
}
for (const table of document.querySelectorAll("table")) {
  Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = table.dataset.sort;
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(table, head, column));
    head.append(button);
  });
}
// Folded tables are printed, except the very long ones.
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details[data-print]")) details.open = true;
});
