/* Filters the Pareto charts, points out dots on the map, opens what a link or the printer needs. */
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("payload").textContent);
  const text = data.texts;
  const whole = new Intl.NumberFormat(data.lang, { maximumFractionDigits: 0 });
  const tenths = new Intl.NumberFormat(data.lang, { minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: "exceptZero" });
  const shortest = new Intl.NumberFormat(data.lang, { maximumFractionDigits: 3 });
  const minus = (shown) => shown.replace("-", "\u2212");
  const say = (key, fields) => text[key].replace(/\{(\w+)\}/g, (_, name) => fields[name]);
  const part = (name) => document.querySelector(`[data-part="${name}"]`);
  const chart = (name) => document.querySelector(`[data-chart="${name}"]`);
  const MAX_BARS = 20;
  const FEW = 30;

  /** Puts rows in an order; those beyond the first few, and those left out, are hidden. */
  function arrange(list, rows) {
    const kept = new Set(rows);
    [...list.children].filter((row) => !kept.has(row)).forEach((row) => { row.hidden = true; });
    rows.forEach((row, place) => {
      row.hidden = place >= MAX_BARS;
      list.append(row);
    });
  }

  const percent = (value) => `${Math.round(value * 100) / 100}%`;

  function setUpCounts() {
    const list = chart("count");
    const first = [...list.children];
    const before = first.map((row) => ({
      length: row.querySelector(".bar").style.inlineSize,
      dot: row.querySelector(".dot").style.insetInlineStart,
      line: row.querySelector("polyline").getAttribute("points"),
      value: row.querySelector(".value").textContent,
    }));
    const write = (row, shown) => {
      row.querySelector(".bar").style.inlineSize = shown.length;
      row.querySelector(".dot").style.insetInlineStart = shown.dot;
      row.querySelector("polyline").setAttribute("points", shown.line);
      row.querySelector(".value").textContent = shown.value;
    };
    return (chosen) => {
      if (!chosen) {
        first.forEach((row, place) => write(row, before[place]));
        arrange(list, first);
        return;
      }
      const places = first.map((_, place) => place).filter((place) => chosen.counts[place] > 0);
      places.sort((a, b) => chosen.counts[b] - chosen.counts[a]);
      let sum = 0;
      const sums = places.map((place) => (sum += chosen.counts[place]) / chosen.total);
      places.forEach((place, row) => {
        const here = sums[row];
        const above = row ? (sums[row - 1] + here) / 2 : here;
        const below = row + 1 < sums.length ? (sums[row + 1] + here) / 2 : here;
        write(first[place], {
          length: percent((100 * chosen.counts[place]) / chosen.counts[places[0]]),
          dot: percent(100 * here),
          line: `${100 * above},${row ? 0 : 50} ${100 * here},50 ${100 * below},${row + 1 < sums.length ? 100 : 50}`,
          value: whole.format(chosen.counts[place]),
        });
      });
      arrange(list, places.map((place) => first[place]));
    };
  }

  function setUpImpacts() {
    const list = chart("impact");
    if (!list) return () => {};
    const first = [...list.children];
    const before = first.map((row) => row.cloneNode(true));
    const rowOf = new Map(first.map((row) => [row.dataset.cause, row]));
    const scale = document.querySelector('[data-role="impact-scale"]');
    const ticks = [...scale.children];
    const caption = document.querySelector('[data-role="impact-caption"]');
    const captionBefore = caption.textContent;

    /** The same scale as the page was made with: round ticks, costs to the right. */
    function layScale(low, high) {
      const left = Math.max(0, high);
      const right = Math.min(-0.1, low);
      const least = (left - right) / 4;
      const size = 10 ** Math.floor(Math.log10(least));
      const step = [1, 2, 5, 10].map((factor) => factor * size).find((each) => each >= least * 0.999);
      const place = (value) => (100 * (left - value)) / (left - right);
      const marks = [];
      for (let row = Math.floor(left / step + 1e-6); row >= Math.ceil(right / step - 1e-6); row -= 1) {
        const mark = document.createElement("span");
        mark.className = "tick";
        mark.style.insetInlineStart = percent(place(row * step));
        mark.textContent = minus(shortest.format(row * step));
        marks.push(mark);
      }
      scale.replaceChildren(...marks);
      return place;
    }

    return (chosen) => {
      if (!chosen) {
        first.forEach((row, place) => row.replaceChildren(...before[place].cloneNode(true).children));
        arrange(list, first);
        list.querySelectorAll("li").forEach((row) => { row.classList.remove("empty"); });
        scale.replaceChildren(...ticks);
        caption.textContent = captionBefore;
        return;
      }
      const found = data.causes
        .map((cause, place) => ({ row: rowOf.get(cause.id), impact: chosen.impacts[place] }))
        .filter((each) => each.row && each.impact)
        .sort((a, b) => a.impact[0] - b.impact[0]);
      caption.textContent = found.length
        ? say("filter_impact", { metric: data.metric, value: minus(shortest.format(chosen.score)), n: whole.format(chosen.scored) })
        : text.filter_unscored;
      const shown = found.slice(0, MAX_BARS);
      const place = layScale(Math.min(0, ...shown.map((each) => each.impact[1])), Math.max(0, ...shown.map((each) => each.impact[2])));
      for (const { row, impact: [value, low, high, , few] } of found) {
        const bar = row.querySelector(".bar");
        const whisker = row.querySelector(".whisker");
        row.querySelector(".zero").style.insetInlineStart = percent(place(0));
        bar.classList.toggle("few", Boolean(few));
        bar.style.insetInlineStart = percent(Math.min(place(0), place(value)));
        bar.style.inlineSize = percent(Math.abs(place(value) - place(0)));
        whisker.style.insetInlineStart = percent(place(high));
        whisker.style.inlineSize = percent(place(low) - place(high));
        const dagger = document.createElement("abbr");
        dagger.title = text.too_few;
        dagger.textContent = "\u2020";
        row.querySelector(".value").replaceChildren(minus(tenths.format(value)), ...(few ? ["\u00a0", dagger] : []));
      }
      arrange(list, found.map((each) => each.row));
    };
  }

  const filterForm = part("filter");
  if (filterForm && data.filters.length) {
    const select = filterForm.querySelector("select");
    const shows = [setUpCounts(), setUpImpacts()];
    data.filters.forEach((filter, column) => {
      const group = document.createElement("optgroup");
      group.label = filter.column;
      filter.values.forEach((value, row) => {
        group.append(new Option(`${value.value} (${whole.format(value.total)})`, `${column}/${row}`));
      });
      select.append(group);
    });
    const choose = () => {
      const [column, row] = select.value.split("/").map(Number);
      const chosen = select.value ? data.filters[column].values[row] : null;
      filterForm.querySelector('[data-role="filter-note"]').textContent = chosen && chosen.total < FEW ? text.filter_few : "";
      document.querySelectorAll('[data-role="of-all"]').forEach((each) => { each.hidden = chosen !== null; });
      shows.forEach((show) => show(chosen));
    };
    select.addEventListener("change", choose);
    filterForm.addEventListener("submit", (event) => event.preventDefault());
    filterForm.hidden = false;
    if (select.value) choose(); // a browser may keep the choice when the page is loaded anew
  }

  const plane = chart("map");
  if (plane) {
    const SIZE = 1000;
    const REACH = 24;
    const tip = plane.querySelector('[data-role="tip"]');
    const select = part("map").querySelector("select");
    const idOf = (place) => (place < 0 ? "" : data.causes[place].id);
    const nameOf = (place) => (place < 0 ? text.emerging : data.causes[place].name);
    const layers = [...plane.querySelectorAll("path")];
    const present = new Set(layers.map((layer) => layer.dataset.cause));
    let pickedOut = "";

    function showTip(event) {
      const box = plane.getBoundingClientRect();
      const x = event.clientX - box.left;
      const y = event.clientY - box.top;
      let nearest = null;
      let least = REACH ** 2;
      for (const point of data.map) {
        if (pickedOut !== "" && String(point[2]) !== pickedOut) continue;
        const distance = ((point[0] / SIZE) * box.width - x) ** 2 + ((point[1] / SIZE) * box.height - y) ** 2;
        if (distance < least) [nearest, least] = [point, distance];
      }
      tip.hidden = !nearest;
      if (!nearest) return;
      tip.firstChild.textContent = nameOf(nearest[2]);
      tip.lastChild.textContent = nearest[3];
      const left = (nearest[0] / SIZE) * box.width;
      const top = (nearest[1] / SIZE) * box.height;
      tip.style.left = `${Math.max(0, Math.min(box.width - tip.offsetWidth, left - tip.offsetWidth / 2))}px`;
      tip.style.top = `${top > tip.offsetHeight + 14 ? top - tip.offsetHeight - 12 : top + 14}px`;
    }
    const hideTip = () => { tip.hidden = true; };
    plane.addEventListener("pointermove", showTip);
    plane.addEventListener("pointerdown", showTip);
    plane.addEventListener("pointerleave", hideTip);
    addEventListener("keydown", (event) => { if (event.key === "Escape") hideTip(); });

    data.causes.forEach((cause, place) => {
      if (present.has(cause.id)) select.append(new Option(cause.name, place));
    });
    if (present.has("")) select.append(new Option(text.emerging, -1));
    const pick = () => {
      pickedOut = select.value;
      plane.classList.toggle("is-picked", pickedOut !== "");
      layers.forEach((layer) => {
        const isPicked = pickedOut !== "" && layer.dataset.cause === idOf(Number(pickedOut));
        layer.classList.toggle("picked", isPicked);
        if (isPicked) layer.parentNode.append(layer);
      });
      if (pickedOut === "") layers.forEach((layer) => layer.parentNode.append(layer));
      hideTip();
    };
    select.addEventListener("change", pick);
    part("map").addEventListener("submit", (event) => event.preventDefault());
    part("map").hidden = false;
    if (select.value) pick();
  }

  /* A link to a cause opens what it is folded in; so does the printer. */
  function openTarget() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const folded = target && target.closest("details:not([open])");
    if (folded) folded.open = true;
    if (target) requestAnimationFrame(() => target.scrollIntoView({ behavior: "instant" }));
  }
  addEventListener("hashchange", openTarget);
  if (location.hash) openTarget();

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details.more:not([open])")];
    opened.forEach((each) => { each.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((each) => { each.open = false; }));
})();
