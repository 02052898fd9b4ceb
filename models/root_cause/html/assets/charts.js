/* Draws the Pareto charts and the map with Observable Plot; every figure also stands in a table. */
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("payload").textContent);
  const text = data.texts;
  const numbers = new Intl.NumberFormat(data.lang, { maximumFractionDigits: 1 });
  const whole = new Intl.NumberFormat(data.lang, { maximumFractionDigits: 0, useGrouping: true });
  const tenths = new Intl.NumberFormat(data.lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const minus = (shown) => shown.replace("-", "\u2212");
  const signed = (value) => minus(tenths.format(value));
  const tick = (value) => minus(numbers.format(value));
  const percent = (share) => whole.format(100 * share) + (data.lang === "nl" ? "\u00a0%" : "%");
  const shorten = (name, n) => (name.length > n ? name.slice(0, n - 1).trimEnd() + "\u2026" : name);
  const NARROW = 520;
  let chosen = null; // complaints per cause under the filter
  let pointedOut = null; // cause pointed out on the map, -1 for emerging

  /** Settings that all charts share; names stand above the bars where there is no room beside. */
  function frame(element, rows, width) {
    const isNarrow = width < NARROW;
    return {
      isNarrow,
      options: {
        width,
        height: 34 + rows * (isNarrow ? 40 : 27),
        marginTop: 26,
        marginBottom: 8,
        marginLeft: isNarrow ? 4 : Math.min(230, width * 0.38),
        marginRight: 56,
        ariaLabel: element.dataset.label,
        style: { fontSize: "13px", background: "transparent" },
      },
      band: { label: null, axis: null, padding: isNarrow ? 0.62 : 0.3 },
      names: (rows) =>
        Plot.text(rows, {
          frameAnchor: "left",
          y: "id",
          text: (row) => shorten(row.name, isNarrow ? 36 : Math.floor(Math.min(218, width * 0.36) / 6.7)),
          textAnchor: isNarrow ? "start" : "end",
          dx: isNarrow ? 0 : -10,
          dy: isNarrow ? -15 : 0,
          fill: "var(--ink)",
          stroke: "var(--paper)",
          strokeWidth: 4,
        }),
      ends: (rows, label) =>
        Plot.text(rows, {
          frameAnchor: "right",
          y: "id",
          text: label,
          textAnchor: "end",
          dx: 54,
          dy: isNarrow ? -15 : 0,
          fill: "var(--ink)",
          fontWeight: 600,
        }),
    };
  }

  function drawCount(element, width) {
    const counts = chosen ? chosen.counts : data.causes.map((cause) => cause.n);
    const total = chosen ? chosen.total : data.nComplaints;
    const rows = data.causes
      .map((cause, place) => ({ ...cause, n: counts[place] }))
      .filter((row) => row.n > 0)
      .sort((a, b) => b.n - a.n)
      .slice(0, data.maxBars);
    let sum = 0;
    for (const row of rows) {
      sum += row.n;
      row.sum = sum / total;
    }
    const top = rows.length ? rows[0].n : 1;
    const { options, band, names, ends } = frame(element, rows.length, width);
    const ticks = width < NARROW ? [0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1];
    return Plot.plot({
      ...options,
      x: { domain: [0, top], axis: null },
      y: { ...band, domain: rows.map((row) => row.id) },
      marks: [
        Plot.ruleX(ticks.map((tick) => tick * top), { stroke: "var(--rule)" }),
        Plot.text(ticks, {
          x: (tick) => tick * top, frameAnchor: "top", dy: -14, text: percent, fill: "var(--cost)",
        }),
        Plot.barX(rows, { x: "n", y: "id", fill: "var(--bar)", rx2: 2 }),
        Plot.line(rows, {
          x: (row) => row.sum * top, y: "id", stroke: "var(--cost)", strokeWidth: 1.5, marker: "dot",
        }),
        names(rows),
        ends(rows, (row) => whole.format(row.n)),
        Plot.tip(rows, Plot.pointerY({
          x: "n", y: "id",
          title: (row) => `${row.name}\n${whole.format(row.n)}, ${percent(row.n / total)} (\u03a3 ${percent(row.sum)})\n${row.owner}`,
        })),
      ],
    });
  }

  function drawImpact(element, width) {
    const ranked = data.causes
      .filter((cause) => cause.impact)
      .map((cause) => ({ ...cause, ...cause.impact }))
      .sort((a, b) => a.value - b.value);
    const lost = ranked.reduce((sum, row) => sum + Math.min(0, row.value), 0) || -1;
    const rows = ranked.slice(0, data.maxBars);
    let sum = 0;
    for (const row of rows) {
      sum += Math.min(0, row.value);
      row.sum = sum / lost;
    }
    const low = Math.min(-0.1, ...rows.map((row) => row.low));
    const high = Math.max(0, ...rows.map((row) => row.high));
    const { options, band, names, ends } = frame(element, rows.length, width);
    return Plot.plot({
      ...options,
      x: { domain: [high, low], axis: "top", ticks: 4, tickSize: 0, tickFormat: tick, label: null },
      y: { ...band, domain: rows.map((row) => row.id) },
      marks: [
        Plot.gridX({ ticks: 4, stroke: "var(--rule)", strokeOpacity: 1 }),
        Plot.ruleX([0], { stroke: "var(--quiet)" }),
        Plot.barX(rows, {
          x1: 0, x2: "value", y: "id",
          fill: (row) => (row.few ? "transparent" : "var(--bar-cost)"),
          stroke: "var(--bar-cost)",
          insetTop: 1, insetBottom: 1,
        }),
        Plot.ruleY(rows, { x1: "low", x2: "high", y: "id", stroke: "var(--ink)", strokeWidth: 1.25, marker: "tick" }),
        names(rows),
        ends(rows, (row) => signed(row.value) + (row.few ? "\u00a0\u2020" : "")),
        Plot.tip(rows, Plot.pointerY({
          x: "value", y: "id",
          title: (row) => `${row.name}\n${signed(row.value)} ${data.unit} (${signed(row.low)} \u2026 ${signed(row.high)})${row.few ? `\n\u2020 ${text.too_few}` : ""}\n\u03a3 ${percent(row.sum)}`,
        })),
      ],
    });
  }

  /** A label at the middle of each cause, in pixels, pushed down where two would overlap. */
  function placeLabels(points, across, down, width, name, fontSize) {
    const labels = Array.from(d3.group(points, (point) => point.cause), ([cause, own]) => {
      const shown = name(cause);
      const half = shown.length * fontSize * 0.3;
      const x = across(d3.median(own, (point) => point.x));
      const y = down(d3.median(own, (point) => point.y));
      return { shown, half, x: Math.max(half + 2, Math.min(width - half - 2, x)), y };
    }).sort((a, b) => a.y - b.y);
    labels.forEach((label, place) => {
      for (const other of labels.slice(0, place)) {
        const isBeside = Math.abs(label.x - other.x) > label.half + other.half;
        if (!isBeside && label.y - other.y < fontSize * 1.3) label.y = other.y + fontSize * 1.3;
      }
    });
    return labels.map((label) => ({ ...label, x: across.invert(label.x), y: down.invert(label.y) }));
  }

  function drawMap(element, width) {
    const points = data.map.map(([x, y, cause, words]) => ({ x, y, cause, words }));
    const isNarrow = width < NARROW;
    const nColours = isNarrow ? 5 : 8;
    const colours = ["#3b7f8f", "#c46a4a", "#7a6bb0", "#5f8f4e", "#b0832a", "#b05a86", "#4a6fb5", "#8a7360"];
    const isShown = (point) => (pointedOut === null ? point.cause >= 0 && point.cause < nColours : point.cause === pointedOut);
    const colour = (point) => colours[pointedOut === null ? point.cause : 1];
    const name = (cause) => (cause < 0 ? text.emerging : data.causes[cause].name);
    const height = Math.round(Math.min(620, width * (isNarrow ? 1.15 : 0.62)));
    const fontSize = isNarrow ? 12 : 13.5;
    const margin = 12;
    const across = d3.scaleLinear(d3.extent(points, (point) => point.x), [margin, width - margin]);
    const down = d3.scaleLinear(d3.extent(points, (point) => point.y), [height - margin, margin]);
    const labels = placeLabels(
      points.filter(isShown), across, down, width, (cause) => shorten(name(cause), isNarrow ? 24 : 34), fontSize,
    );
    const others = points.filter((point) => !isShown(point));
    return Plot.plot({
      width,
      height,
      margin,
      ariaLabel: element.dataset.label,
      style: { fontSize: `${fontSize}px`, background: "transparent" },
      x: { axis: null, domain: across.domain() },
      y: { axis: null, domain: down.domain() },
      marks: [
        Plot.dot(others.filter((point) => point.cause >= 0), { x: "x", y: "y", r: 2.2, fill: "var(--quiet)", fillOpacity: 0.3 }),
        Plot.dot(others.filter((point) => point.cause < 0), { x: "x", y: "y", r: 2.6, stroke: "var(--quiet)", strokeOpacity: 0.8 }),
        Plot.dot(points.filter(isShown), { x: "x", y: "y", r: 2.9, fill: colour, fillOpacity: 0.85 }),
        Plot.text(labels, {
          x: "x", y: "y", text: "shown", fontWeight: 650,
          fill: "var(--ink)", stroke: "var(--paper)", strokeWidth: 5,
        }),
        Plot.tip(points, Plot.pointer({
          x: "x", y: "y", lineWidth: 22,
          title: (point) => `${name(point.cause)}\n\n${point.words}`,
        })),
      ],
    });
  }

  const painters = { count: drawCount, impact: drawImpact, map: drawMap };
  const widths = new WeakMap();

  function paint(element, isForced = false) {
    const width = Math.floor(element.clientWidth);
    if (!width || (!isForced && widths.get(element) === width)) return;
    widths.set(element, width);
    const figure = painters[element.dataset.chart](element, width);
    figure.setAttribute("role", "img");
    figure.querySelectorAll("g[aria-label]").forEach((group) => group.removeAttribute("aria-label"));
    element.replaceChildren(figure);
  }

  const charts = [...document.querySelectorAll("[data-chart]")];
  const observer = new ResizeObserver((entries) => {
    requestAnimationFrame(() => entries.forEach((entry) => paint(entry.target)));
  });
  charts.forEach((chart) => {
    paint(chart);
    observer.observe(chart);
  });
  const repaint = (kind) => charts.filter((chart) => chart.dataset.chart === kind).forEach((chart) => paint(chart, true));

  const filterForm = document.querySelector('[data-part="filter"]');
  if (filterForm && data.filters.length) {
    const select = filterForm.querySelector("select");
    data.filters.forEach((filter, column) => {
      const group = document.createElement("optgroup");
      group.label = filter.column;
      filter.values.forEach((value, row) => {
        group.append(new Option(`${value.value} (${whole.format(value.total)})`, `${column}/${row}`));
      });
      select.append(group);
    });
    select.addEventListener("change", () => {
      const [column, row] = select.value.split("/").map(Number);
      chosen = select.value ? data.filters[column].values[row] : null;
      filterForm.querySelector('[data-role="filter-note"]').textContent = chosen && chosen.total < 30 ? text.filter_few : "";
      repaint("count");
    });
    filterForm.addEventListener("submit", (event) => event.preventDefault());
    filterForm.hidden = false;
  }

  const mapForm = document.querySelector('[data-part="map"]');
  if (mapForm) {
    const select = mapForm.querySelector("select");
    data.causes.forEach((cause, place) => select.append(new Option(cause.name, place)));
    select.append(new Option(text.emerging, -1));
    select.addEventListener("change", () => {
      pointedOut = select.value === "" ? null : Number(select.value);
      repaint("map");
    });
    mapForm.hidden = false;
  }

  /* A link to a cause opens what it is folded in. */
  function openTarget() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const folded = target && target.closest("details:not([open])");
    if (folded) folded.open = true;
    if (target) requestAnimationFrame(() => target.scrollIntoView({ behavior: "instant" }));
  }
  addEventListener("hashchange", openTarget);
  openTarget();
})();
