// Unpacks the answers and shows those that the reader chooses. Texts of data and models enter the page as text alone.
"use strict";
(async () => {
  const packed = document.getElementById("packed");
  if (!packed) return;
  const STEP = 30;
  const form = document.getElementById("filter");
  const place = document.getElementById("rows");
  const count = document.getElementById("count");
  const more = document.getElementById("more");
  const blank = document.getElementById("row");

  const bytes = Uint8Array.from(atob(packed.textContent), (letter) => letter.charCodeAt(0));
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const rows = JSON.parse(await new Response(unpacked).text());
  let chosen = rows;
  let shown = 0;

  const offer = (name, values) => {
    for (const value of [...new Set(values)].sort()) form.elements[name].add(new Option(value, value));
  };
  offer("adapter", rows.map((row) => row.adapter));
  offer("task", rows.map((row) => row.task));
  offer("kind", rows.map((row) => row.kind));
  offer("metric", rows.flatMap((row) => Object.keys(row.scores)));
  form.elements.changed.parentElement.hidden = !rows.some((row) => row.before !== null);

  const haystack = (row) => (row.text ??= [row.item, row.answer, row.reference, row.before ?? "",
    ...row.prompt.map((turn) => turn[1])].join("\n").toLowerCase());
  const below = (row, metric) => metric === "*"
    ? Object.values(row.scores).some((score) => score < 1)
    : (row.scores[metric] ?? 1) < 1;

  const choose = () => {
    const wanted = Object.fromEntries(new FormData(form));
    const text = (wanted.text ?? "").trim().toLowerCase();
    chosen = rows.filter((row) =>
      (!wanted.adapter || row.adapter === wanted.adapter) &&
      (!wanted.task || row.task === wanted.task) &&
      (!wanted.kind || row.kind === wanted.kind) &&
      (!wanted.metric || below(row, wanted.metric)) &&
      (!wanted.changed || (row.before !== null && row.before !== row.answer)) &&
      (!text || haystack(row).includes(text)));
    place.replaceChildren();
    shown = 0;
    extend();
  };

  const extend = () => {
    place.append(...chosen.slice(shown, shown + STEP).map(show));
    shown = Math.min(chosen.length, shown + STEP);
    more.hidden = shown >= chosen.length;
    count.textContent = count.dataset.text.replace("{shown}", shown).replace("{all}", chosen.length);
  };

  const underline = (target, text, words) => {
    const lower = text.toLowerCase();
    const found = words.map((word) => [lower.indexOf(word.toLowerCase()), word.length])
      .filter(([at]) => at >= 0 && lower.length === text.length).sort((one, two) => one[0] - two[0]);
    let end = 0;
    for (const [at, length] of found) {
      if (at < end) continue;
      target.append(text.slice(end, at));
      const mark = document.createElement("mark");
      mark.textContent = text.slice(at, at + length);
      target.append(mark);
      end = at + length;
    }
    target.append(text.slice(end));
  };

  const show = (row) => {
    const page = blank.content.cloneNode(true);
    const at = (name) => page.querySelector(name);
    at(".item").textContent = row.item;
    at(".where").textContent = [row.adapter, row.task, row.kind, ...Object.values(row.slices)].join(" · ");
    for (const [name, score] of Object.entries(row.scores)) {
      const entry = document.createElement("li");
      entry.className = score < 1 ? "bad" : "good";
      entry.textContent = `${name} ${Math.round(score * 1000) / 1000}`;
      at(".scores").append(entry);
    }
    for (const [role, text] of row.prompt) {
      const turn = document.createElement("pre");
      turn.textContent = `${role}: ${text}`;
      at(".turns").append(turn);
    }
    at(".reference").textContent = row.reference;
    underline(at(".said"), row.answer, row.said);
    const form = row.scores.format ?? row.scores.refused;
    if (form !== undefined) at(".said").classList.add(form < 1 ? "out-of-form" : "in-form");
    at(".cut").hidden = !row.cut;
    if (row.before !== null) {
      at(".before").hidden = false;
      at(".before pre").textContent = row.before;
      at(".was").textContent = Object.entries(row.before_scores ?? {})
        .filter(([name, score]) => score !== row.scores[name])
        .map(([name, score]) => `${name} ${Math.round(score * 1000) / 1000}`).join(" ");
    }
    for (const [name, words] of [[".found", row.said], [".missed", row.missed]]) {
      at(name).hidden = !words.length;
      at(`${name} span`).textContent = words.join(", ");
    }
    return page;
  };

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", choose);
  more.addEventListener("click", extend);
  choose();
})();
