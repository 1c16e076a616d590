"use strict";
// The rows are all there; this hides some and puts them in another order.
for (const table of document.querySelectorAll(".list")) {
  const body = table.tBodies[0];
  const cells = [...table.tHead.rows[0].cells];
  const sign = { ascending: 1, descending: -1 };
  const words = new Intl.Collator(undefined, { numeric: true });

  const sort = (column, direction) => {
    const isNumber = cells[column].dataset.order === "number";
    const value = (cell) => {
      const text = cell.dataset.value ?? cell.textContent;
      return isNumber ? parseFloat(text.replaceAll(",", "")) || 0 : text;
    };
    const rows = [...body.rows].map((row) => [value(row.cells[column]), row]);
    const compare = isNumber ? (one, other) => one - other : words.compare;
    rows.sort(([one], [other]) => sign[direction] * compare(one, other));
    body.append(...rows.map(([, row]) => row));
    cells.forEach((cell) => cell.removeAttribute("aria-sort"));
    cells[column].setAttribute("aria-sort", direction);
  };

  cells.forEach((cell, column) => {
    if (!cell.dataset.order) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...cell.childNodes);
    button.addEventListener("click", () => {
      const first = cell.dataset.order === "number" ? "descending" : "ascending";
      const other = first === "ascending" ? "descending" : "ascending";
      sort(column, cell.getAttribute("aria-sort") === first ? other : first);
    });
    cell.append(button);
  });

  const controls = table.parentElement.querySelector(":scope > .controls");
  if (!controls) continue;
  const rows = [...body.rows].map((row) => ({ row, text: undefined }));
  const chosen = (name) =>
    [...controls.querySelectorAll(`input[name=${name}]:checked`)].map((input) => input.value);
  const filter = () => {
    const sought = controls.querySelector("input[type=search]").value.toLowerCase().split(/\s+/);
    const severities = chosen("severity");
    const traits = chosen("is");
    let shown = 0;
    for (const entry of rows) {
      const { severity, is = "" } = entry.row.dataset;
      entry.text ??= entry.row.textContent.toLowerCase();
      const fits =
        (severities.length === 0 || severities.includes(severity)) &&
        traits.every((trait) => is.split(" ").includes(trait)) &&
        sought.every((word) => entry.text.includes(word));
      entry.row.hidden = !fits;
      shown += fits;
    }
    controls.querySelector("output").textContent =
      shown === rows.length ? "" : `${shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")}`;
  };
  controls.addEventListener("input", filter);
  controls.addEventListener("submit", (event) => event.preventDefault());
  controls.hidden = false;
}
