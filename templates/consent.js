const merchant = document.getElementById("merchant");
const allow = document.getElementById("allow");
const obstacle = document.getElementById("obstacle");

function showObstacle() {
  const reason = merchant.selectedOptions[0]?.dataset.obstacle;
  if (reason === undefined) return;
  allow.disabled = reason !== "";
  obstacle.hidden = reason === "";
  obstacle.textContent = reason === "" ? "" : "You cannot allow access. " + reason;
}

merchant.addEventListener("change", showObstacle);
// A browser that returns to the page restores the choice.
addEventListener("pageshow", showObstacle);
