// The list of runs filtered, and the curves of a training under way drawn anew after each epoch.
const EVERY = 3000; // ms between two looks at the run's folder

const filter = document.getElementById("filter");
filter?.addEventListener("input", () => {
  const wanted = filter.value.trim().toLowerCase();
  let found = 0;
  for (const group of document.querySelectorAll(".group")) {
    const called = group.querySelector("h2").textContent.toLowerCase().includes(wanted);
    let any = called;
    for (const row of group.querySelectorAll("tbody tr")) {
      row.hidden = !called && !row.textContent.toLowerCase().includes(wanted);
      any ||= !row.hidden;
      found += row.hidden ? 0 : 1;
    }
    group.hidden = !any;
  }
  document.getElementById("matching").textContent = `${found} runs`;
});

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
