// The library's plan: sieved, accepted or rejected, written, undone.
import { ask, cancel, element, follow, percent } from "./earmark.js";
import { playButton } from "./play.js";

const $ = (id) => document.getElementById(id);
const PAGE = 100;
const WAYS = { changed: "written", planned: "to decide", kept: "kept", unsure: "unsure", "not music": "not music", failed: "failed" };

let library = null; // as GET /library said
let plan = null;
let rows = new Map(); // place → row, in the order shown
let albums = new Map();
let asked = 0; // the last question for files: an older answer is let go

const many = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;

function fail(error) {
  $("failed").textContent = error.message;
  $("failed").hidden = false;
  $("failed").scrollIntoView({ block: "nearest" });
}

async function attempt(action) {
  $("failed").hidden = true;
  try {
    return await action();
  } catch (error) {
    fail(error);
  }
}

// What is being done

function working(on) {
  $("work").hidden = !on;
  for (const id of ["listen", "write", "accept-shown", "reject-shown"]) $(id).disabled = on;
  $("files").inert = on;
  for (const button of $("taggings").querySelectorAll("button")) button.disabled = on;
}

function tellJob(job) {
  const line = job.ahead ? `${job.ahead} before it` : job.said ?? "waiting";
  $("doing").textContent = job.total ? `${line}: ${job.done.toLocaleString("en")} of ${job.total.toLocaleString("en")}` : line;
  if (job.total) {
    $("progress").max = job.total;
    $("progress").value = job.done;
  } else $("progress").removeAttribute("value");
}

async function through(job) {
  working(true);
  $("told").textContent = "";
  $("work").scrollIntoView({ block: "nearest" });
  $("stop").onclick = () => attempt(() => cancel(job.id));
  tellJob(job);
  try {
    const ended = await follow(job.id, tellJob);
    if (ended.state === "failed") throw new Error(ended.error);
    if (ended.state === "done") tellEnd(ended);
    else $("told").textContent = "Stopped.";
    $("told").scrollIntoView({ block: "nearest" });
  } finally {
    working(false);
    await load();
  }
}

function tellEnd(job) {
  if (job.kind === "plan") return;
  const { files, refused } = job.result;
  const told = [job.kind === "write" ? `${many(files, "file")} written.` : `${many(files, "file")} restored.`];
  for (const [file, why] of refused) told.push(element("br"), `${file}: ${why}`);
  $("told").replaceChildren(...told);
}

// What there is

async function load() {
  library = await ask("GET", "/library");
  plan = library.plan;
  const models = $("model");
  const chosen = models.value || plan?.asked.model || library.models[0];
  models.replaceChildren(...library.models.map((name) => element("option", { value: name }, name === "default" ? "built in" : name)));
  models.value = library.models.includes(chosen) ? chosen : library.models[0];
  $("listen").textContent = plan ? "Listen again" : "Listen";
  $("listen").classList.toggle("first", !plan);
  $("review").hidden = !plan;
  $("history").hidden = !library.taggings.length;
  $("taggings").replaceChildren(...library.taggings.map(tagging));
  if (plan) {
    $("note").hidden = !plan.note;
    $("note").textContent = plan.note ?? "";
    const named = Object.entries(plan.counts).filter(([, n]) => n);
    $("summary").textContent = `${many(plan.files, "file")}, heard by ${plan.classifier}: ${named.map(([way, n]) => `${n.toLocaleString("en")} ${WAYS[way]}`).join(", ")}.`;
    await fetchFiles(Math.max(PAGE, Math.min(rows.size, 500)));
    tellChoices(plan.choices);
  }
}

function tagging({ tagging: name, at, written, undone }) {
  const when = new Date(at).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
  const button = element("button", { type: "button", "aria-label": `Undo what was written ${when}`, onclick: () => undo(name, written, when) }, "Undo");
  return element("tr", {}, element("th", { scope: "row" }, when), number(written), number(undone), element("td", { class: "number" }, written ? button : "undone"));
}

const number = (n) => element("td", { class: "number" }, n.toLocaleString("en"));

// Files

function sieve() {
  const [[key, value] = []] = [...new URLSearchParams($("show").value)];
  return { ...(key ? { [key]: value } : {}), text: $("text").value.trim() };
}

async function fetchFiles(count, start = 0) {
  const question = ++asked;
  const [order, descending] = $("order").value.split(" ");
  const query = new URLSearchParams({ plan: plan.id, ...sieve(), order, start, count, ...(descending ? { descending: true } : {}) });
  const answer = await ask("GET", `/library/files?${query}`);
  if (question !== asked) return;
  if (!start) rows = new Map();
  for (const row of answer.rows) rows.set(row.place, row);
  albums = new Map(answer.albums.map((album) => [album.name, album]));
  $("total").textContent = many(answer.total, "file");
  $("more").hidden = rows.size >= answer.total;
  const planned = answer.rows.some((row) => row.choice);
  $("accept-shown").hidden = $("reject-shown").hidden = !planned;
  draw(order === "file");
}

function draw(byAlbum) {
  const place = document.activeElement?.closest?.(".file")?.dataset.place;
  const groups = new Map();
  for (const row of rows.values()) {
    const key = byAlbum ? row.album : "";
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  $("files").replaceChildren(
    ...[...groups].map(([name, group], i) =>
      element(
        "div",
        { class: "album", role: "group", "aria-labelledby": byAlbum ? `album-${i}` : "review-title" },
        byAlbum ? albumHead(name, i) : null,
        element("ul", { class: "files" }, ...group.map((row) => fileRow(row, byAlbum))),
      ),
    ),
  );
  if (!rows.size) $("files").replaceChildren(element("p", { class: "muted" }, "No file is like that."));
  if (place !== undefined) $("files").querySelector(`[data-place="${place}"]`)?.focus();
}

function albumHead(name, i) {
  const album = albums.get(name);
  const label = name || "in the folder itself";
  const choosable = album.open + album.accepted + album.rejected;
  const whole = (choice) => chooseSieve({ ...sieve(), album: name }, choice);
  return element(
    "header",
    {},
    element("h3", { id: `album-${i}` }, label, element("small", {}, many(album.files, "file"))),
    choosable
      ? pair(`the folder ${label}`, album.accepted === choosable ? "accepted" : album.rejected === choosable ? "rejected" : "open", whole, " all")
      : null,
  );
}

function pair(what, choice, say, more = "") {
  const button = (name, wish) =>
    element(
      "button",
      { type: "button", class: name.toLowerCase(), "aria-pressed": String(choice === wish), "aria-label": `${name} ${what}`, onclick: () => say(choice === wish ? "open" : wish) },
      name + more,
    );
  return element("span", { class: "choice" }, button("Accept", "accepted"), button("Reject", "rejected"));
}

function fileRow(row, byAlbum) {
  const li = element(
    "li",
    { class: "file", tabindex: "0", "data-place": row.place, "data-choice": row.choice ?? "", "aria-label": `${row.name}, ${spoken(row)}` },
    row.outcome === "failed" ? element("span") : playButton(row.file, row.name),
    element("div", { class: "name" }, row.name, byAlbum || !row.album ? null : element("small", {}, row.album), row.choice ? null : element("small", {}, `${WAYS[row.outcome]}: ${row.why}`)),
    element("div", { class: "genre" }, row.old.length ? element("div", { class: "says" }, `says ${row.old.join(" + ")}`) : null, genre(row)),
    row.choice ? pair(row.name, row.choice, (choice) => choosePlaces([row.place], choice)) : element("span"),
  );
  return li;
}

function spoken(row) {
  const becomes = row.becomes.length ? `becomes ${row.becomes.join(" + ")}` : WAYS[row.outcome];
  return row.choice ? `${becomes}, ${row.choice === "open" ? "undecided" : row.choice}` : becomes;
}

function genre(row) {
  if (row.outcome === "changed") return element("strong", { class: "becomes" }, row.becomes.join(" + "));
  if (row.outcome === "failed") return null;
  const planned = row.becomes.join(" + ");
  const likely = new Map(row.suggested);
  const select = element("select", { class: "becomes", "aria-label": `Genre for ${row.name}` });
  const option = (value, text) => select.append(element("option", { value }, text));
  const said = (name) => (likely.has(name) ? `${name} ${percent(likely.get(name))}` : name);
  option("", planned ? said(planned) : "leave as it is");
  for (const name of [...likely.keys(), ...plan.genres.filter((name) => !likely.has(name))]) {
    if (name !== planned) option(name, said(name));
  }
  const own = element("option", {}, "another …");
  select.append(own);
  select.addEventListener("change", () => {
    if (own.selected) select.replaceWith(ownGenre(row));
    else if (select.value) takeGenre(row.place, select.value);
  });
  const suggested = row.becomes.find((name) => likely.has(name)); // a genre of one's own has no probability
  const bar = suggested && row.choice ? element("span", { class: "bar", "aria-hidden": "true" }, element("i", { style: { "--share": 100 * likely.get(suggested) } })) : null;
  return element("div", {}, select, bar);
}

/** A genre that the classifier does not know, in the person's own words. */
function ownGenre(row) {
  const input = element("input", { name: "genre", required: true, maxlength: 1000, autocomplete: "off", "aria-label": `Another genre for ${row.name}`, placeholder: "genre" });
  const back = () => draw($("order").value === "file");
  const submit = (event) => {
    event.preventDefault();
    takeGenre(row.place, input.value.trim());
  };
  input.addEventListener("keydown", (event) => event.key === "Escape" && back());
  setTimeout(() => input.focus());
  return element("form", { class: "own-genre", onsubmit: submit }, input, element("button", { "aria-label": `Take this genre for ${row.name}` }, "Take"));
}

// What is said of them

async function said(chosen) {
  tellChoices(chosen.choices);
  await fetchFiles(Math.min(500, Math.max(PAGE, rows.size)));
}

const choosePlaces = (places, choice) =>
  attempt(async () => {
    const chosen = await ask("POST", "/library/choices", { plan: plan.id, choice, places });
    // The rows stay where they are, also where the sieve would no longer let them through: they can be taken back.
    for (const place of places) rows.set(place, { ...rows.get(place), choice });
    draw($("order").value === "file");  // at once: what the folders say of themselves comes after
    tellChoices(chosen.choices);
    await freshAlbums();
  });

async function freshAlbums() {
  const query = new URLSearchParams({ plan: plan.id, ...sieve(), count: 1 });
  albums = new Map([...albums, ...(await ask("GET", `/library/files?${query}`)).albums.map((album) => [album.name, album])]);
  draw($("order").value === "file");
}

const chooseSieve = (of, choice) =>
  attempt(async () => said(await ask("POST", "/library/choices", { plan: plan.id, choice, sieve: of })));

const takeGenre = (place, genre) =>
  attempt(async () => said(await ask("POST", "/library/genre", { plan: plan.id, place, genre })));

function tellChoices(choices) {
  plan.choices = choices;
  $("choices").textContent = `${choices.accepted.toLocaleString("en")} accepted, ${choices.rejected.toLocaleString("en")} rejected, ${choices.open.toLocaleString("en")} open`;
  $("write").disabled = !choices.accepted;
  $("write").textContent = choices.accepted ? `Write ${many(choices.accepted, "genre")}` : "Write";
}

function confirmed(title, text, yes) {
  $("confirm-title").textContent = title;
  $("confirm-text").textContent = text;
  $("confirm-yes").textContent = yes;
  const dialog = $("confirm");
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}

const write = () =>
  attempt(async () => {
    const { accepted } = plan.choices;
    const text = "The files get a new genre; nothing else in them changes. It can be undone.";
    if (await confirmed(`Write ${many(accepted, "genre")}?`, text, "Write")) {
      await through(await ask("POST", "/library/write", { plan: plan.id, accepted }));
    }
  });

const undo = (name, written, when) =>
  attempt(async () => {
    const text = "Each gets back what it said, to the byte; one that has been changed since is left alone and listed.";
    if (await confirmed(`Undo ${many(written, "file")} of ${when}?`, text, "Undo")) {
      await through(await ask("POST", "/library/undo", { tagging: name }));
    }
  });

// Keys

const KEYS = { a: "accepted", r: "rejected", u: "open" };

$("files")?.addEventListener("keydown", (event) => {
  const file = event.target.closest(".file");
  if (!file || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("select, input")) return;
  const all = [...$("files").querySelectorAll(".file")];
  const next = all[all.indexOf(file) + { ArrowDown: 1, ArrowUp: -1 }[event.key]];
  const choice = KEYS[event.key.toLowerCase()];
  if (next) next.focus();
  else if (choice && file.dataset.choice) {
    file.focus();
    choosePlaces([Number(file.dataset.place)], choice);
  } else return;
  event.preventDefault();
});

if ($("ask")) {
  $("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    rows = new Map();
    const wish = { model: $("model").value, existing: $("existing").value, min_confidence: Number($("least").value) / 100 };
    attempt(async () => through(await ask("POST", "/library/plan", wish)));
  });
  let pause;
  $("text").addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(() => attempt(() => fetchFiles(PAGE)), 200);
  });
  $("sieve").addEventListener("submit", (event) => event.preventDefault());
  for (const id of ["show", "order"]) $(id).addEventListener("change", () => attempt(() => fetchFiles(PAGE)));
  $("more").addEventListener("click", () => attempt(() => fetchFiles(PAGE, rows.size)));
  $("accept-shown").addEventListener("click", () => chooseSieve(sieve(), "accepted"));
  $("reject-shown").addEventListener("click", () => chooseSieve(sieve(), "rejected"));
  $("write").addEventListener("click", write);
  attempt(async () => {
    await load();
    const { job } = library;
    if (job && ["waiting", "running"].includes(job.state)) await through(job);
  });
}
