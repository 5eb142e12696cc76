/** The form of an event: simple steps are proposed for a school, until somebody decides by hand. */

/** Ticks the box when the kind it is meant for is chosen; a hand on the box ends that. */
export function connect(root = document) {
  const box = root.querySelector("input[name=simple][data-on-for]");
  if (!box) return;
  let decided = false;
  const follow = () => {
    if (!decided) box.checked = root.querySelector("input[name=kind]:checked")?.value === box.dataset.onFor;
  };
  box.addEventListener("change", () => {
    decided = true;
  });
  for (const kind of root.querySelectorAll("input[name=kind]")) kind.addEventListener("change", follow);
}

connect();
