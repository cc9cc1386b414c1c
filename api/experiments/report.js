// Shows the questions of the chosen language that some arm answered as chosen, and of their answers those of the arm.
const chosen = (name) => document.getElementById(name).value;
function filter() {
  const [language, arm, outcome] = ["language", "arm", "outcome"].map(chosen);
  let shown = 0;
  for (const question of document.querySelectorAll("article")) {
    let any = false;
    for (const cell of question.querySelectorAll(".cell")) {
      cell.hidden = Boolean(arm) && cell.dataset.arm !== arm;
      any ||= !cell.hidden && (!outcome || cell.dataset.outcome === outcome);
    }
    question.hidden = !any || (Boolean(language) && question.dataset.language !== language);
    shown += question.hidden ? 0 : 1;
  }
  document.getElementById("shown").textContent = shown;
}
document.querySelectorAll(".filters select").forEach((select) => select.addEventListener("change", filter));
