/** Keeps the browser's Back button in step with the screens: each screen deeper is one entry of the history. */

/**
 * Follows `depthNow()`; calls onBack(depth) when the person went back by the browser.
 * @returns {{follow: () => void}} to be called after every change of the screens
 */
export function followHistory({ history, target, depthNow, onBack }) {
  // After a reload the history may still hold deeper entries; where we stand now counts as the first step.
  let base = (history.state?.depth ?? 1) - 1;
  let shown = 1;
  let travelling = false;
  history.replaceState({ depth: base + 1 }, "");

  /** The history moves later than we ask it to; until it has, nothing may be added to it. */
  const travel = (steps) => {
    travelling = true;
    history.go(steps);
  };

  const follow = () => {
    if (travelling) return;
    const wanted = depthNow();
    if (wanted < shown) {
      const steps = wanted - shown;
      shown = wanted;
      travel(steps);
      return;
    }
    while (shown < wanted) {
      shown += 1;
      history.pushState({ depth: base + shown }, "");
    }
  };

  target.addEventListener("popstate", (event) => {
    if (travelling) {
      travelling = false;
      follow();
      return;
    }
    const reached = (event.state?.depth ?? 1) - base;
    if (reached < 1) {
      base += reached - 1;
      shown = 1;
      onBack(1);
    } else if (reached < shown) {
      shown = reached;
      onBack(reached);
    } else if (reached > shown) {
      // Forward would lead to a screen whose draft is gone.
      travel(shown - reached);
    }
  });

  return { follow };
}
