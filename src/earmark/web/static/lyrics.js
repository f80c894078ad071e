// A song's text read: its genre, and its words coloured by what they decided.
import { ask, cancel, element, follow, percent } from "./earmark.js";

const $ = (id) => document.getElementById(id);
const form = $("song");

function about() {
  const { about, artist } = $("classifier").selectedOptions[0].dataset;
  $("about").textContent = about;
  $("who").hidden = artist !== "yes";
}

function mark({ text, strength, against, said }) {
  if (!strength) return text;
  return element("mark", { class: against ? "against" : "", style: { "--strength": strength }, title: `odds ${said}` }, text);
}

function table(head, rows) {
  const cells = head.map((text) => element("th", { scope: "col" }, text));
  return element("table", {}, element("thead", {}, element("tr", {}, ...cells)), element("tbody", {}, ...rows));
}

function show(found) {
  const { genre, second, probabilities, pieces, words, artist, telling, lacks } = found;
  const heading = element("h2", { tabindex: "-1", id: "named" }, "Genre");
  const first = element(
    "section",
    { "aria-labelledby": "named" },
    heading,
    element("p", { class: "big" }, genre, " ", element("span", { class: "muted" }, percent(probabilities[0][1]))),
    element("p", {}, `Before ${second}; the odds are ${found.odds}. Read by ${found.classifier}.`),
    table(
      ["Genre", "Probability"],
      probabilities.map(([name, p]) =>
        element("tr", {}, element("th", { scope: "row" }, name), element("td", { class: "likely" }, percent(p), bar(p))),
      ),
    ),
  );
  const key = element(
    "p",
    { class: "key-words" },
    mark({ text: `Speaks for ${genre}`, strength: 100, against: false, said: "" }),
    " ",
    mark({ text: `speaks for ${second}`, strength: 100, against: true, said: "" }),
    ": each word was taken out wherever it stands, and the classifier asked again. The odds are those of the one against the other.",
  );
  const decided = element(
    "section",
    { "aria-labelledby": "decided" },
    element("h2", { id: "decided" }, "Words that decided"),
    words.length ? key : null,
    element("p", { class: "song" }, ...pieces.map(mark)),
    words.length
      ? table(
          ["Word", "Speaks for", "Odds"],
          words.map(({ word, said, against }) =>
            element("tr", {}, element("th", { scope: "row" }, word), element("td", {}, against ? second : genre), element("td", {}, said)),
          ),
        )
      : null,
    artist
      ? element("p", { class: "telling" }, `Who sings counts too: with ${artist.word} named, the odds of ${genre} against ${second} are those without a name ${artist.said}.`)
      : null,
    ...Object.entries(telling).map(([name, terms]) => element("p", { class: "telling" }, `In any text, these speak most for ${name}: ${terms.join(", ")}.`)),
    ...lacks.map((lack) => element("p", { class: "muted" }, `${lack[0].toUpperCase()}${lack.slice(1)}.`)),
  );
  $("answer").replaceChildren(first, decided);
  heading.focus();
}

const bar = (share) => element("span", { class: "bar", "aria-hidden": "true" }, element("i", { style: { "--share": 100 * share } }));

function working(on) {
  $("read").disabled = on;
  $("stop").hidden = $("progress").hidden = !on;
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  $("failed").hidden = true;
  $("answer").replaceChildren();
  working(true);
  $("progress").removeAttribute("value");
  try {
    const body = { classifier: $("classifier").value, text: $("text").value, artist: $("who").hidden ? null : $("artist").value || null };
    const begun = await ask("POST", "/lyrics", body);
    $("stop").onclick = () => cancel(begun.id);
    const job = await follow(begun.id, ({ done, total }) => {
      if (total) [$("progress").max, $("progress").value] = [total, done];
    });
    if (job.state === "failed") throw new Error(job.error);
    if (job.state === "done") show(job.result);
  } catch (error) {
    $("failed").textContent = error.message;
    $("failed").hidden = false;
  } finally {
    working(false);
  }
});

if (form) {
  $("classifier").addEventListener("change", about);
  about();
}
