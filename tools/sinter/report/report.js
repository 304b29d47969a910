// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sorts and filters the table of nodes; without it the page is all there.
"use strict";
(() => {
  const root = document.documentElement;
  const theme = document.getElementById("theme");
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const isDark = root.dataset.theme ? root.dataset.theme === "dark"
        : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
  });

  const table = document.getElementById("node-table");
  const body = table.tBodies[0];
  const rows = [...body.rows];

  const getKey = (row, column) => {
    const cell = row.cells[column];
    return "value" in cell.dataset ? Number(cell.dataset.value) : cell.textContent.trim();
  };
  const compare = (a, b) => typeof a === "number" && typeof b === "number"
      ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true });
  [...table.tHead.rows[0].cells].forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => {
      const isDescending = header.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      header.setAttribute("aria-sort", isDescending ? "descending" : "ascending");
      const keyed = rows.map(row => [getKey(row, column), row]);
      keyed.sort((a, b) => (isDescending ? -1 : 1) * compare(a[0], b[0]));
      body.append(...keyed.map(entry => entry[1]));
    });
  });

  const tools = document.getElementById("node-tools");
  const search = document.getElementById("search");
  const show = document.getElementById("show");
  const count = document.getElementById("count");
  const texts = new Map(rows.map(row => [row, row.textContent.toLowerCase()]));
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const fits = words.every(word => texts.get(row).includes(word)) &&
          (!show.value || row.dataset.state.split(" ").includes(show.value));
      row.hidden = !fits;
      shown += fits;
    }
    count.textContent = shown + " of " + rows.length + " nodes";
  };
  tools.hidden = false;
  search.addEventListener("input", filter);
  show.addEventListener("change", filter);
  filter();

  // A link to a row that is filtered out shows it.
  addEventListener("hashchange", () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.hidden) {
      search.value = show.value = "";
      filter();
      target.scrollIntoView();
    }
  });
})();
