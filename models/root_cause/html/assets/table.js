/* Searches and filters the complaints; text only ever enters the page as text. */
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("payload").textContent);
  const part = document.querySelector('[data-part="table"]');
  const PER_PAGE = 25;
  const FIRST_SEGMENT = 7;
  const text = data.texts;
  const whole = new Intl.NumberFormat(data.lang);
  const fit = new Intl.NumberFormat(data.lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const plain = (value) => value.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");
  const say = (key, fields) => text[key].replace(/\{(\w+)\}/g, (_, name) => fields[name]);
  const find = (role) => part.querySelector(`[data-role="${role}"]`);
  const searchable = data.rows.map((row) => plain(row[0]));
  const segments = [...part.querySelectorAll('[data-role="segment"]')];
  let page = 0;

  const columns = [
    { head: text.table_text, kind: "words", cell: (row) => row[0], lang: (row) => row[6] },
    { head: text.cause, cell: (row) => (row[1] < 0 ? text.emerging : data.causes[row[1]].name), link: (row) => data.causes[row[1]]?.id },
    { head: text.table_membership, kind: "num", cell: (row) => fit.format(row[2]) },
    ...(data.hasScores ? [{ head: text.table_score, kind: "num", cell: (row) => (row[4] === null ? "" : whole.format(row[4])) }] : []),
    ...(data.hasDates ? [{ head: text.table_date, kind: "date", cell: (row) => row[5] }] : []),
    ...data.columns.map((name, place) => ({ head: name, cell: (row) => row[FIRST_SEGMENT + place] })),
    { head: text.table_id, kind: "id", cell: (row) => row[3] },
  ];

  function element(tag, className, content) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (content !== undefined) made.textContent = content;
    return made;
  }

  function matches() {
    const words = plain(find("search").value).split(/\s+/).filter(Boolean);
    const cause = find("cause").value;
    const wanted = segments.map((select) => [FIRST_SEGMENT + Number(select.dataset.column), select.value]);
    return data.rows.filter((row, place) =>
      words.every((word) => searchable[place].includes(word)) &&
      (cause === "" || row[1] === Number(cause)) &&
      wanted.every(([column, value]) => value === "" || row[column] === value));
  }

  function bodyRow(row) {
    const line = element("tr");
    for (const column of columns) {
      const cell = element("td", column.kind || "");
      cell.dataset.head = column.head;
      if (column.lang && column.lang(row)) cell.lang = column.lang(row);
      const id = column.link && column.link(row);
      if (id) {
        const link = element("a", "", column.cell(row));
        link.href = `#${id}`;
        cell.append(link);
      } else {
        cell.textContent = column.cell(row);
      }
      line.append(cell);
    }
    return line;
  }

  function show() {
    const found = matches();
    const nPages = Math.max(1, Math.ceil(found.length / PER_PAGE));
    page = Math.min(page, nPages - 1);
    const rows = found.slice(page * PER_PAGE, (page + 1) * PER_PAGE).map(bodyRow);
    part.querySelector("tbody").replaceChildren(...rows);
    find("found").textContent = found.length
      ? say("table_found", { found: whole.format(found.length), total: whole.format(data.rows.length) })
      : text.table_none;
    find("page").textContent = say("table_page", { page: whole.format(page + 1), pages: whole.format(nPages) });
    find("previous").disabled = page === 0;
    find("next").disabled = page >= nPages - 1;
  }

  const head = element("tr");
  columns.forEach((column) => {
    const cell = element("th", column.kind || "", column.head);
    cell.scope = "col";
    head.append(cell);
  });
  part.querySelector("thead").append(head);
  data.causes.forEach((cause, place) => find("cause").append(new Option(cause.name, place)));
  find("cause").append(new Option(text.emerging, -1));
  segments.forEach((select) => {
    const place = FIRST_SEGMENT + Number(select.dataset.column);
    const values = [...new Set(data.rows.map((row) => row[place]))].filter(Boolean);
    values.sort(new Intl.Collator(data.lang, { numeric: true }).compare);
    values.forEach((value) => select.append(new Option(value, value)));
  });

  const form = part.querySelector("form");
  const restart = () => { page = 0; show(); };
  form.addEventListener("input", restart);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(restart));
  find("previous").addEventListener("click", () => { page -= 1; show(); });
  find("next").addEventListener("click", () => { page += 1; show(); });
  part.hidden = false;
  show();
})();
