/** The row of ways to the office's other pages, scrolled so that the page one is on is seen. */

const here = document.querySelector(".office-ways [aria-current]");
const row = here?.closest("ul");
// Not scrollIntoView: that would move the page down as well, off a heading or a notice that one was led to.
if (row) row.scrollLeft = here.offsetLeft - row.offsetLeft + here.offsetWidth / 2 - row.clientWidth / 2;
