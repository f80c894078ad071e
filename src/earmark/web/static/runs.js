// The list of runs filtered, and the curves of a training under way drawn anew after each epoch.
const EVERY = 3000; // ms between two looks at the run's folder
const FEW = 10; // runs of a folder that are shown, the newest, until all are asked for

const filter = document.getElementById("filter");

function sieve() {
  const wanted = filter.value.trim().toLowerCase();
  let found = 0;
  for (const group of document.querySelectorAll(".group")) {
    const called = group.querySelector("h2").textContent.toLowerCase().includes(wanted);
    const rows = [...group.querySelectorAll("tbody tr")];
    const fitting = rows.filter((row) => called || row.textContent.toLowerCase().includes(wanted));
    const more = group.querySelector(".unfold");
    const folded = !wanted && fitting.length > FEW && !("all" in group.dataset);
    for (const row of rows) row.hidden = !fitting.includes(row) || (folded && fitting.indexOf(row) >= FEW);
    if (more) more.hidden = !folded;
    group.hidden = !called && !fitting.length;
    found += fitting.length;
  }
  return found;
}

filter?.addEventListener("input", () => (document.getElementById("matching").textContent = `${sieve()} runs`));
for (const more of document.querySelectorAll(".unfold"))
  more.addEventListener("click", () => {
    const group = more.closest(".group");
    group.dataset.all = "";
    sieve();
    group.querySelectorAll("tbody tr")[FEW].querySelector("a")?.focus();
  });
if (filter) sieve();

const curves = document.getElementById("curves");
if (curves?.dataset.standing === "training") {
  setInterval(async () => {
    if (document.hidden) return;
    const answer = await fetch(`/runs/curves/${curves.dataset.name}`).catch(() => null);
    if (!answer?.ok) return;
    if (answer.headers.get("x-standing") !== "training") location.reload();
    const epochs = answer.headers.get("x-epochs");
    if (epochs === curves.dataset.epochs) return;
    curves.dataset.epochs = epochs;
    curves.innerHTML = await answer.text(); // from this server, drawn from numbers alone
    document.getElementById("epochs").textContent = epochs;
    document.getElementById("progress").value = epochs;
    document.getElementById("heard").textContent = "Last heard of just now.";
    document.getElementById("live").textContent = `Epoch ${epochs} is done.`;
  }, EVERY);
}
