/**
 * A page of ours in a frame on another website: links that would leave the frame open a tab of their own, and
 * the website learns how tall the page is.
 */

/** Whether this page was made to stand in a frame (`?embed`). */
export function isEmbedded(address = location.href) {
  return new URL(address).searchParams.has("embed");
}

/** Where a link leads to from a page in a frame: "_self" for places on it and pages made for frames, else a new tab. */
export function targetOf(href, here) {
  const to = new URL(href, here);
  const from = new URL(here);
  if (to.protocol !== "http:" && to.protocol !== "https:") return "_self";
  if (to.origin !== from.origin) return "_blank";
  const samePage = to.pathname === from.pathname && to.search === from.search && to.hash;
  return samePage || to.searchParams.has("embed") ? "_self" : "_blank";
}

/** Keeps the frame to what is made for frames: any other page refuses to be shown in one. */
export function keepToFrame(root = document) {
  root.addEventListener(
    "click",
    (event) => {
      const link = event.target.closest?.("a[href]");
      if (!link || link.target || link.hasAttribute("download")) return;
      if (targetOf(link.href, location.href) === "_self") return;
      link.target = "_blank";
      link.rel = "noopener";
    },
    true,
  );
}

/**
 * Tells the website around the frame how tall the page is, now and whenever that changes:
 * {type: "pocit:height", map, height}. Nothing else is told, so that anybody may hear it.
 */
export function tellHeight(map, { page = document.body, parent = window.parent } = {}) {
  if (parent === window) return;
  let told = 0;
  const tell = () => {
    const height = Math.ceil(page.getBoundingClientRect().height);
    if (height === told) return;
    told = height;
    parent.postMessage({ type: "pocit:height", map, height }, "*");
  };
  new ResizeObserver(tell).observe(page);
  tell();
}
