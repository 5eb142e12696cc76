/** Whether the browser will know these pins again, said where it matters: it forgets, or it stands in a frame. */

import { h, typeset } from "#js/lib/dom.js";
import { _ } from "#js/lib/words.js";

/** Windows inside other apps: those of social networks and messengers, and Android's bare web view. */
const IN_APP =
  /\b(FBAN|FBAV|FB_IAB|Instagram|Line|Twitter|LinkedInApp|Snapchat|TikTok|musical_ly|Pinterest|MicroMessenger|GSA)\b|; wv\)/;

/** Whether a user agent is such a window; on an iPhone all but Safari's kin leave "Safari" out. */
export function isInApp(agent = navigator.userAgent) {
  return IN_APP.test(agent) || (/iPhone|iPad/.test(agent) && /AppleWebKit/.test(agent) && !/Safari\//.test(agent));
}

/** A warning where pins are forgotten with the window, and the way out; null where all is well. */
export function keptWords(page) {
  if (page.lasting()) return null;
  const forgets = _(
    "Your browser does not let us remember these pins after you leave. Take a code, and you can come back to them.",
  );
  const takeCode = () => page.dispatch({ type: "open", screen: { name: "receipt" } });
  const words = [
    h("p", {}, typeset(forgets)),
    h("p", {}, h("button.link-button", { type: "button", onclick: takeCode }, _("Take a code"))),
    page.config.embed ? h("p", {}, largeLink(page)) : isInApp() && h("p", {}, typeset(elsewhere())),
  ];
  return h("div.notice.notice-warn", {}, h("div", {}, words));
}

/** In a frame: whose pins these are, and how to have them on the large map. */
export function frameWords(page, state) {
  if (!page.config.embed || !page.lasting() || state.pins.length === 0) return null;
  const words = _(
    "Some browsers keep these pins for this website only. If the large map does not show them, take a code with you.",
  );
  return h("p.small.soft", {}, typeset(words), " ", largeLink(page));
}

function largeLink(page) {
  return h("a", { href: page.config.shareUrl, target: "_blank", rel: "noopener" }, _("Open large"));
}

const elsewhere = () =>
  _("You are in a window of another app. Open the map in your own browser, and it will know your pins again.");
