// What pages have beyond HTML: plots of their tables, and figures that follow what
// happens. Everything is there without it.
"use strict";
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  // Told apart by those who see few colours (after Okabe and Ito), and by their dashes.
  const colours = {
    light: ["#0072b2", "#b34700", "#007a5a", "#9b3d7d", "#7a5c00", "#3d3d3d", "#2f6690", "#a8323e"],
    dark: ["#56b4e9", "#ff9e4a", "#2ec4a0", "#e49ac7", "#f0e442", "#d0d0d0", "#9ec2ff", "#ff9a9a"],
  };
  const dashes = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 2], [1, 4], [12, 4], [4, 4]];
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const short = (v) => {
    if (v == null) return "–";
    const a = Math.abs(v);
    return a >= 1e9 ? +(v / 1e9).toPrecision(3) + "G" : a >= 1e6 ? +(v / 1e6).toPrecision(3) + "M" :
      a >= 1e4 ? +(v / 1e3).toPrecision(3) + "k" : String(+v.toPrecision(3));
  };
  // times writes what stands below a plot: the time of day, or the day where it spans some.
  const times = (u, ticks) => ticks.map((v) => {
    const text = new Date(v * 1000).toISOString(), span = u.scales.x.max - u.scales.x.min;
    return span > 3 * 86400 ? text.slice(5, 10) : span > 86400 ? text.slice(5, 16).replace("T", " ") : span > 900 ? text.slice(11, 16) : text.slice(11, 19);
  });
  const drawn = new Map();

  // rows reads the table of a plot: times in seconds, then one list for each series.
  const rows = (table) => {
    const names = [...table.tHead.rows[0].cells].slice(1).map((c) => c.textContent);
    const data = [[], ...names.map(() => [])];
    for (const row of table.tBodies[0].rows) {
      data[0].push(Date.parse(row.querySelector("time").dateTime) / 1000);
      names.forEach((_, i) => {
        const v = row.cells[i + 1].dataset.v;
        data[i + 1].push(v === undefined ? null : Number(v));
      });
    }
    return { names, data };
  };

  const draw = (figure) => {
    const table = figure.querySelector("table");
    if (!table || typeof uPlot === "undefined") return;
    const old = drawn.get(figure);
    const { names, data } = old || rows(table);
    if (old) old.plot.destroy();
    let box = figure.querySelector(".plot-box");
    if (!box) {
      box = document.createElement("div");
      box.className = "plot-box";
      box.setAttribute("aria-hidden", "true"); // the table says it
      figure.querySelector("figcaption").after(box);
      figure.querySelector("details").open = false;
    }
    const scheme = colours[dark.matches ? "dark" : "light"];
    const axis = { stroke: style("--soft"), grid: { stroke: style("--line"), width: 1 }, ticks: { stroke: style("--line"), width: 1 } };
    const plot = new uPlot({
      width: box.clientWidth, height: 200, tzDate: (s) => uPlot.tzDate(new Date(s * 1000), "Etc/UTC"),
      legend: { live: true }, cursor: { drag: { setScale: false } },
      scales: { y: { range: (u, low, high) => [0, high > 0 ? high * 1.1 : 1] } },
      axes: [{ ...axis, space: 80, values: times }, { ...axis, size: 56, values: (u, ticks) => ticks.map(short) }],
      series: [{ value: (u, v) => v == null ? "–" : new Date(v * 1000).toISOString().slice(0, 16).replace("T", " ") },
        ...names.map((name, i) => ({
          label: name, stroke: scheme[i % scheme.length], dash: dashes[i % dashes.length], width: 2,
          value: (u, v) => short(v),
        }))],
    }, data, box);
    drawn.set(figure, { plot, names, data });
  };

  const figures = [...document.querySelectorAll("figure[data-plot]")];
  figures.forEach(draw);
  dark.addEventListener("change", () => figures.forEach(draw));
  let width = innerWidth;
  addEventListener("resize", () => {
    if (width === innerWidth) return;
    width = innerWidth;
    for (const [figure, { plot }] of drawn) plot.setSize({ width: figure.querySelector(".plot-box").clientWidth, height: 200 });
  });

  // A form whose answer replaces a part of the page, so that what was typed stays.
  for (const form of document.querySelectorAll("form[data-inline]")) {
    form.addEventListener("submit", (e) => {
      e.preventDefault();
      const part = document.querySelector(form.dataset.inline), button = form.querySelector("button");
      button.disabled = true;
      fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) })
        .then((r) => r.text())
        .then((text) => {
          const answer = new DOMParser().parseFromString(text, "text/html").querySelector(form.dataset.inline);
          if (!answer) { location.reload(); return; } // it was another page: a log-in, say
          part.replaceChildren(...answer.childNodes);
        })
        .catch(() => { part.textContent = "redactd can't be reached."; })
        .finally(() => { button.disabled = false; });
    });
  }

  // What is live.
  const live = document.querySelector(".live");
  if (!live) return;
  live.hidden = false;
  const pause = live.querySelector("[data-pause]"), at = live.querySelector("[data-live-at]");
  const put = (e, text) => { if (e && e.textContent !== text) e.textContent = text; };
  const words = { good: "fine", warn: "look at it", bad: "act" };
  const most = 1000;
  const show = (event) => {
    if (pause.getAttribute("aria-pressed") === "true" || !event.at) return;
    at.dateTime = event.at;
    put(at, new Date(event.at).toISOString().slice(0, 19).replace("T", " "));
    for (const tile of event.tiles || []) {
      const e = document.querySelector(`[data-tile="${CSS.escape(tile.id)}"]`);
      if (!e) continue;
      e.className = "tile " + (tile.state || "");
      put(e.querySelector("[data-text]"), tile.text);
      put(e.querySelector("[data-state]"), words[tile.state] || "");
      put(e.querySelector("[data-note]"), tile.note || "");
    }
    for (const [figure, d] of drawn) {
      const values = (event.points || {})[figure.dataset.plot];
      if (!values || values.length !== d.names.length) continue;
      [Date.parse(event.at) / 1000, ...values].forEach((v, i) => {
        d.data[i].push(v);
        if (d.data[i].length > most) d.data[i].shift();
      });
      d.plot.setData(d.data);
    }
  };
  pause.addEventListener("click", () => {
    pause.setAttribute("aria-pressed", String(pause.getAttribute("aria-pressed") !== "true"));
  });
  let polling = 0;
  const poll = () => {
    polling = polling || setInterval(() => {
      if (!document.hidden) fetch("/events?once=1", { headers: { Accept: "text/event-stream" } }).then((r) => r.ok ? r.json() : {}).then(show, () => {});
    }, 10000);
  };
  const source = new EventSource("/events");
  // A proxy that gathers everything lets no event through: then they are fetched.
  const silence = setTimeout(() => { source.close(); poll(); }, 15000);
  source.onmessage = (m) => {
    clearTimeout(silence);
    show(JSON.parse(m.data));
  };
  source.onerror = () => { if (source.readyState === EventSource.CLOSED) { clearTimeout(silence); poll(); } };
})();
